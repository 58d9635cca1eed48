"""Follow the events of a lensbus through its restarts: `python follow.py http://127.0.0.1:8080`.

Needs nothing but Python. Prints one line for each event; a line is printed once.
"""

import http.client
import json
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

Fields = dict[str, str]


def blocks(answer: http.client.HTTPResponse) -> Iterator[Fields]:
    """Yield what stands between two empty lines."""
    fields: Fields = {}
    for raw in answer:
        line = raw.decode().rstrip("\n")
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            yield fields
            fields = {}


def follow(url: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield kind and data of every event, for ever."""
    place, wait_s = urlsplit(url), 1.0
    cursor = ""
    while True:
        try:
            # Twice the sign of life that is asked for: a dead line is noticed.
            connection = http.client.HTTPConnection(place.netloc, timeout=20)
            headers = {"Last-Event-ID": cursor} if cursor else {}
            connection.request("GET", "/api/events?heartbeat=10", headers=headers)
            for fields in blocks(connection.getresponse()):
                wait_s = int(fields.get("retry", wait_s * 1000)) / 1000
                if "event" in fields and "data" in fields:
                    yield fields["event"], json.loads(fields["data"])
                # Only now: what was not handled comes again.
                cursor = fields.get("id", cursor)
        except (OSError, http.client.HTTPException) as error:
            print(f"line lost: {error}", file=sys.stderr)
        time.sleep(wait_s)


if __name__ == "__main__":
    for kind, data in follow(sys.argv[1]):
        match kind:
            case "connected" | "resumed" | "heartbeat" if data["cameraId"] == "*":
                continue  # they speak of the stream
            case "gap":
                print("lost for good:", data["count"], data["reason"], flush=True)
            case _:
                print(data["cameraId"], kind, data.get("seq"), flush=True)

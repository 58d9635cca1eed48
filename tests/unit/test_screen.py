import pytest

from lensbus_gateway.access.screen import Screen, read_head, screen_of
from lensbus_proto.runtime.settings import AccessSettings, GatewaySettings, Settings

LOCAL = screen_of(Settings())


def screen(*origins: str, hosts: tuple[str, ...] = ()) -> Screen:
    return screen_of(Settings(access=AccessSettings(origins=origins, hosts=hosts)))


def status(of: Screen, method: str = "GET", **fields: str) -> int:
    named = {"host": "localhost:8080", **{key.replace("_", "-"): v for key, v in fields.items()}}
    head = read_head([(key.encode(), value.encode("latin-1")) for key, value in named.items()])
    refused = of.refuses(head, method)
    return 200 if refused is None else refused.status


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8080",
        "LocalHost.",
        "rack.localhost:8080",
        "127.0.0.1",
        "127.0.0.1:8080",
        "192.168.1.20:8080",
        "[::1]",
        "[::1]:8080",
        "[fe80::1]:8080",
    ],
)
def test_addresses_and_this_machine_are_known(host: str) -> None:
    assert status(LOCAL, host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.1",
        "0x7f000001",
        "[::1",
        "",
        "localhost:8080:8080",
        "a b",
        "127.0.0.1@evil.example",
    ],
)
def test_any_other_name_is_refused(host: str) -> None:
    assert status(LOCAL, host=host) == 421
    assert status(screen("*"), host=host) == 421, "the old servers' origins do not open this"


def test_names_of_the_settings_are_known() -> None:
    named = screen(hosts=("Rack.example.org", "stage:8443"))
    assert status(named, host="rack.example.org") == 200
    assert status(named, host="rack.example.org:8080") == 200
    assert status(named, host="stage:8443") == 200
    assert status(named, host="stage:8080") == 421
    assert status(screen(hosts=("*",)), host="evil.example") == 200
    by_name = screen_of(Settings(gateway=GatewaySettings(host="rack.lan")))
    assert status(by_name, host="rack.lan:8080") == 200


def test_of_two_hosts_both_must_be_known() -> None:
    head = read_head([(b"host", b"localhost"), (b"host", b"evil.example")])
    assert LOCAL.refuses(head, "GET") is not None


def test_a_program_is_not_touched() -> None:
    assert LOCAL.refuses(read_head([]), "POST") is None
    assert status(LOCAL, "POST", user_agent="curl") == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
@pytest.mark.parametrize(
    "fields",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},  # another port is another origin
        {"origin": "http://127.0.0.1:8080"},  # so is another name for it
        {"origin": "garbage"},
        {"origin": "http://[::1"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
        {"sec_fetch_site": "cross-site", "origin": "http://localhost:8080"},
    ],
)
def test_pages_of_strangers_are_refused(method: str, fields: dict[str, str]) -> None:
    assert status(LOCAL, method, **fields) == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "fields",
    [
        {"origin": "http://localhost:8080"},
        {"origin": "https://localhost:8080"},  # TLS ends at a proxy
        {"origin": "http://localhost:8080", "sec_fetch_site": "same-origin"},
        {"origin": "https://localhost", "host": "localhost"},
        {"origin": "https://localhost", "host": "localhost:443"},
        {"origin": "null", "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
    ],
)
def test_our_own_pages_are_welcome(method: str, fields: dict[str, str]) -> None:
    assert status(LOCAL, method, **fields) == 200


def test_a_link_may_be_followed_and_a_form_may_not_be_sent() -> None:
    fields = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert status(LOCAL, "GET", **fields, sec_fetch_dest="document") == 200
    assert status(LOCAL, "POST", **fields, sec_fetch_dest="document") == 403


def test_listed_origins_may_act_and_read() -> None:
    listed = screen("https://studio.example.org")
    page = {"origin": "https://studio.example.org", "sec_fetch_site": "cross-site"}
    assert status(listed, "POST", **page) == 200
    assert status(listed, "POST", **{**page, "origin": "https://studio.example.org.evil"}) == 403
    heads = [read_head([(b"origin", origin)]) for origin in (b"https://studio.example.org", b"x")]
    assert [listed.readable_by(head) for head in heads] == ["https://studio.example.org", ""]


def test_the_old_servers_let_everybody_in() -> None:
    old = screen("*")
    assert status(old, "POST", origin="http://evil.example", sec_fetch_site="cross-site") == 200
    assert old.readable_by(read_head([])) == "*"
    assert LOCAL.readable_by(read_head([(b"origin", b"http://localhost:8080")])) == ""

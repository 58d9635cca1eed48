// Server-Sent Events, read from a body. `EventSource` shows only names that are known beforehand,
// and hides when its line broke; a timeline must show both.

/** Return a function that takes text as it comes and gives the events that are whole by then. */
export function reader() {
  let rest = "";
  let event = { name: "message", data: [], id: null, retry: null };
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    const found = [];
    for (const line of lines) {
      if (line === "") {
        if (event.data.length || event.retry !== null) {
          found.push({ ...event, data: event.data.join("\n") });
        }
        event = { name: "message", data: [], id: null, retry: null };
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") event.name = value;
      else if (field === "data") event.data.push(value);
      else if (field === "id") event.id = value;
      else if (field === "retry" && /^\d+$/.test(value)) event.retry = Number(value);
    }
    return found;
  };
}

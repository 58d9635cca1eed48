// Names of the gateway in words for people.

import { PROPERTIES } from "./codes.js";

/** Return the name of a property or a control: `white-balance` becomes `White balance`. */
export function title(name) {
  const text = name.replace(/[-_]/g, " ").replace(/\b(iso|af|ae|awb|dro|id|lut|nr|pp|ei)\b/gi, (word) => word.toUpperCase()).replace(/(\d) hz\b/, "$1 Hz");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Return a value as it is shown: `CrDrive_Continuous_Hi` becomes `Continuous Hi`. */
export function shown(text) {
  return text.replace(/^Cr[A-Za-z]+_/, "").replaceAll("_", " ");
}

/** Return a size in bytes as people say it. */
export function size(count) {
  if (count < 1e3) return `${count} B`;
  if (count < 1e6) return `${Math.round(count / 1e3)} kB`;
  if (count < 1e9) return `${(count / 1e6).toFixed(1)} MB`;
  return `${(count / 1e9).toFixed(2)} GB`;
}

/** Return the last part of a path. */
export const file = (path) => path.split("/").pop();

/** Return a time of day. */
export function clock(at) {
  const time = new Date(at);
  return `${time.toLocaleTimeString([], { hour12: false })}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

const SOME = 4;

/** Return names as they are listed in a sentence. */
export const list = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

function changed({ codes = [], count }) {
  const known = codes.filter((code) => code in PROPERTIES).map((code) => title(PROPERTIES[code]));
  if (!known.length) return count === 1 ? `The property ${codes[0]} changed.` : `${count} properties changed.`;
  const names = known.slice(0, SOME);
  const more = count - names.length;
  return `${list(more > 0 ? [...names, `${more} more`] : names)} changed.`;
}

// What the SDK calls the end of a connection, for those who have never read its manual.
const LINK_ENDS = {
  Connect_Disconnected: "it was unplugged, switched off or lost its network",
  Connect_TimeOut: "it did not answer in time",
  Connect_Reconnect_TimeOut: "it did not come back in time",
  Connect_FailRejected: "it refused the connection",
  Connect_FailBusy: "another program holds it",
};

function linkEnd({ error, reason }) {
  if (!error || error === "0x00000000") return "Disconnected.";
  const name = reason ?? error;
  return `Disconnected: ${name in LINK_ENDS ? `${LINK_ENDS[name]} (${name})` : name}.`;
}

/** What an event says, in one line. */
export function sense(kind, data) {
  const on = data.stream ?? "";
  switch (kind) {
    case "connected": return "Connected.";
    case "disconnected": return linkEnd(data);
    case "propertyChanged": return changed(data);
    case "afStatus": return { focused: "In focus.", unlocked: "Focus released.", tracking: "Focus follows." }[data.state] ?? data.state;
    case "warning": return data.code === "0x20011" ? "A picture was exposed." : `${data.message} (${data.code})`;
    case "error": return `${data.message} (${data.code})`;
    case "downloadComplete": return `Saved ${file(data.filename ?? "")}, ${size(data.size ?? 0)}.`;
    case "transferProgress": return data.error ? `${file(data.filename)} failed: ${data.error}` : `${file(data.filename)} is at ${data.percent} %.`;
    case "transfer.failed": return `A file will not come: ${data.message}`;
    case "capture.not_exposed": return "The camera accepted the trigger and took no picture.";
    case "capture.unknown": return `What came of the trigger is not known: ${data.reason}`;
    case "streamActivated": return `${on} is on.`;
    case "streamDeactivated": return data.reason === "exclusion" ? `${on} went off: another stream needs its sensor.` : `${on} is off.`;
    case "stillCaptured": return `Still of ${on}, ${data.width} × ${data.height}, ${data.format}.`;
    case "controlChanged": return `Control of ${on} changed.`;
    case "configChanged": return `Configuration of ${on} changed.`;
    case "stale": return `${on} has given no picture for ${data.silent_ms} ms.`;
    case "fresh": return `${on} gives pictures again.`;
    case "overTemperature": return `The chip is at ${data.celsius} °C.`;
    case "temperatureNormal": return `The chip is back at ${data.celsius} °C.`;
    case "crashDump": return `The camera had crashed; its dump is ${data.path}`;
    case "gap": return gapText(data);
    case "worker.started": return data.ended?.signal ? `Its worker is there; the process before it ended by ${data.ended.signal}.` : "Its worker is there.";
    case "worker.lost": return data.ended?.signal ? `Its worker is lost: its process crashed (${data.ended.signal}).` : `Its worker is lost (${data.reason}).`;
    case "worker.failed": return `Its worker died ${data.deaths} times in a row, and the camera is left alone.`;
    case "worker.stopped": return "Its worker has ended.";
    case "reconnecting": return "The link is lost; it is opened again.";
    case "reconnected": return "The link is back.";
    case "journal.degraded": return `The journal cannot be written: ${data.reason}`;
    case "journal.recovered": return "The journal is written again.";
    default: return data.message ?? "";
  }
}

const newest = (crashes) => crashes.reduce((a, b) => (a.time_us > b.time_us ? a : b));

/** Return how often the process of a worker crashed, in one sentence. */
export function crashed(crashes) {
  const times = crashes.reduce((sum, { count }) => sum + count, 0);
  const { signal, time_us } = newest(crashes);
  return `Its process crashed ${times === 1 ? "once," : `${times} times, last`} at ${new Date(time_us / 1000).toLocaleString([], { hour12: false })} (${signal}).`;
}

/** Return what to do about it. */
export function crashAdvice(crashes) {
  if (newest(crashes).signal === "SIGKILL") return "Somebody killed it, or the memory of the rack ran out: look with “journalctl -k” there.";
  return "It was started again. If that repeats, look at the stacks in its log.";
}

const REASONS = {
  expired: "older than what is kept",
  unknown: "the place that this page knew is of a journal that is no more",
  degraded: "the journal could not be written",
  unanswered: "the broker could not be asked",
  timeout: "its worker did not supply them in time",
  lost: "gone with its worker",
};

function gapText({ count, reason }) {
  const what = typeof count === "number" ? `${count} event${count === 1 ? " is" : "s are"} gone` : "Nobody knows how many events are gone";
  return `${what} for good: ${REASONS[reason] ?? reason}.`;
}

const BAD = new Set(["error", "gap", "worker.lost", "worker.failed", "transfer.failed", "capture.not_exposed", "capture.unknown", "overTemperature", "crashDump", "stale", "journal.degraded", "journal.truncated", "reconnecting"]);

/** How serious an event is. */
export function level(kind, data) {
  if (BAD.has(kind) || (kind === "disconnected" && data.error && data.error !== "0x00000000")) return "bad";
  return kind === "warning" && data.code !== "0x20011" ? "warn" : "";
}

/** What sort of event it is, for filters. */
export function sort(kind) {
  if (/^(connected|disconnected|reconnect|worker\.)/.test(kind)) return "connection";
  if (/^(propertyChanged|control|config|afStatus)/.test(kind)) return "settings";
  if (/^(downloadComplete|transfer|contents|capture|still|warning|lut)/.test(kind)) return "pictures";
  if (/^(stream|stale|fresh|replay)/.test(kind)) return "streams";
  return "trouble";
}

export const SORTS = ["connection", "pictures", "streams", "settings", "trouble"];

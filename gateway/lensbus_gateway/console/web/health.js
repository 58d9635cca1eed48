// Why is it not ready? For each camera a chain of evidence, from being plugged in to its last
// picture. The first link that does not hold is the answer; what follows from it is not judged.

import { html, useEffect, useState } from "./vendor/preact.js";
import { adviceFor, ask, oak, sony } from "./api.js";
import { cameras, line, timeline } from "./events.js";
import { ages } from "./pictures.js";
import { Numbers } from "./numbers.js";
import { cell, useCell, useEvery } from "./store.js";
import { ageText, Picture } from "./picture.js";
import { sentence } from "./notices.js";
import { clock, crashAdvice, crashed, level, list, sense } from "./words.js";

const LOOK_MS = 4000;
const GLANCE_MS = 1000;
const LOW_BATTERY = 15;
const HOT = 95;
const ENDS = new Set(["connected", "disconnected", "error"]); // of a try to connect

const good = (name, text) => ({ name, verdict: "good", text });
const warn = (name, text, next = "") => ({ name, verdict: "warn", text, next });
const bad = (name, text, next = "") => ({ name, verdict: "bad", text, next });
const open = (name, text = "Not known.") => ({ name, verdict: "", text });

/** Camera to whether it is ready, once that was judged. */
const verdicts = cell(new Map());

const quietly = (promise) => promise.catch((error) => ({ failed: error }));

/** Return what can be asked about a camera, each part or the reason why it is missing. */
async function evidence(entry, signal) {
  const { camera, vendor, connected } = entry;
  const look = (path) => quietly(ask(path, signal));
  const logs = look(`/api/server/logs?level=warn&cameraId=${encodeURIComponent(camera)}`);
  if (vendor === "oak") {
    const [listed, streams, stats, told] = await Promise.all([
      look("/cameras"),
      connected ? look(`${oak(camera)}/streams`) : null,
      connected ? look(`${oak(camera)}/stats`) : null,
      logs,
    ]);
    const on = Array.isArray(streams) ? streams.filter((one) => one.active).map((one) => one.name) : [];
    return { listed, streams, stats, stream: on[0], logs: told.logs ?? [] };
  }
  const base = sony(camera);
  const [connection, properties, view, told] = await Promise.all([
    look(`${base}/connection`),
    connected ? look(`${base}/properties/all`) : null,
    connected ? look(`${base}/live-view/status`) : null,
    logs,
  ]);
  return { connection, properties: properties?.data?.properties, refused: properties?.failed, view: view?.data, stream: view?.data?.streaming ? "liveview" : undefined, logs: told.logs ?? [] };
}

const GONE = bad("Discovery", "Is not seen any more.", "Check its power, its cable and, of a Sony body, its USB mode.");

function workerLink({ camera, state, stuck, crashes = [], description }, streamed) {
  const name = "Worker";
  if (!streamed) return open(name, "The gateway cannot be asked now.");
  if (description?.failed) return bad(name, `Died ${description.failed} times in a row, and the camera is left alone.`, `Read the log below, then run “lensbus restart ${camera}” on the rack.`);
  if (stuck) return bad(name, "Hangs in a call of the camera.", "It ends itself and is started again. If that repeats, unplug the camera and plug it in again.");
  if (state === "present") return crashes.length ? warn(name, `Answers. ${crashed(crashes)}`, crashAdvice(crashes)) : good(name, "Answers.");
  if (state === "silent") return warn(name, "Has said nothing for a while.", "It is either busy starting or about to be given up; wait some seconds.");
  return bad(name, "Is lost.", "It is started again as long as the camera is seen. If it stays lost, look for “camera came” in the log below and check the cable.");
}

function sonyChain(entry, found, streamed) {
  const chain = [workerLink(entry, streamed)];
  const seen = entry.state === "present";
  chain.unshift(seen ? good("Discovery", `Seen on ${entry.description.connection_type ?? "USB"}; a worker was started for it.`) : warn("Discovery", "Was seen; whether it still is, its worker cannot say.", "Check power, cable and the USB mode of the camera."));
  const { connection, properties = {}, refused, view } = found ?? {};
  const mode = connection?.data?.mode;
  if (!entry.connected) return [...chain, closedLink(entry.camera)];
  chain.push(good("SDK connection", `Open${mode ? `, mode ${mode}` : ""}.`));
  if (refused) chain.push(bad("SDK answers", refused.message, refused.advice));
  else if (found?.properties) chain.push(good("SDK answers", `It reports ${Object.keys(properties).length} properties.`));
  else chain.push(open("SDK answers", "Being asked…"));
  if (mode !== "contents") chain.push(cardLink(properties));
  chain.push(batteryLink(properties));
  const caution = ["camera-error-caution-status", "system-error-caution-status"].map((key) => properties[key]?.current_formatted).find((text) => text && text !== "No Error");
  if (caution) chain.push(bad("Cautions", `The camera warns: ${caution}.`, "Read its display."));
  chain.push(view ? (view.streaming ? good("Live view", "Streams.") : warn("Live view", "Is off.", "Start it on the wall or on its page.")) : open("Live view"));
  return chain;
}

/** Why there is no connection: what the last try ended with, if there was one. */
function closedLink(camera) {
  const told = timeline.get().filter((one) => one.camera === camera && ENDS.has(one.kind)).at(-1);
  const said = told?.kind === "error" ? told.data.message : "";
  const why = /^\w+_\w+$/.test(said) ? `The SDK says ${said}.` : said && sentence(said);
  return bad("SDK connection", `Is not open. ${why}`.trim(), adviceFor(0, why) || "Press Connect on its page.");
}

function cardLink(properties) {
  const slots = [1, 2].filter((slot) => properties[`media-slot${slot}-status`]);
  if (!slots.length) return open("Card");
  const said = slots.map((slot) => {
    const status = properties[`media-slot${slot}-status`].current_formatted;
    const left = properties[`media-slot${slot}-remaining-photos`]?.current_formatted;
    return { usable: status === "OK" && left !== "0", text: `slot ${slot}: ${status}${status === "OK" && left ? `, ${left} pictures left` : ""}` };
  });
  const text = `${said.map((one) => one.text).join("; ")}.`;
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return said.some((one) => one.usable) ? good("Card", upper) : warn("Card", upper, "Pictures can still be saved on the host; put a card in to keep them in the camera.");
}

function batteryLink(properties) {
  const battery = properties["battery-remain"];
  const heat = properties["overheating-state"]?.current_formatted;
  if (!battery) return open("Battery");
  const text = `${battery.current_formatted}${heat ? `; temperature ${heat.toLowerCase()}` : ""}.`;
  if (heat && heat !== "Normal") return bad("Battery and heat", text, "Let the camera cool down.");
  const percent = parseInt(battery.current_formatted, 10);
  return percent < LOW_BATTERY ? warn("Battery and heat", text, "Charge it or plug the power in.") : good("Battery and heat", text);
}

function oakChain(entry, found, streamed) {
  const { listed, streams, stats } = found ?? {};
  const device = Array.isArray(listed) ? listed.find((one) => one.mxid === entry.camera) : null;
  const chain = [];
  if (device) chain.push(good("Discovery", `Seen as ${device.camera_name} at port ${device.name} (${device.protocol.replace("X_LINK_", "").toLowerCase()}).`));
  else if (listed?.failed) chain.push(open("Discovery", listed.failed.message));
  else chain.push(listed ? bad("Discovery", "Is not seen.", "Check the cable; the camera needs USB 3 or a powered hub.") : open("Discovery", "Being asked…"));
  chain.push(workerLink(entry, streamed));
  const booted = entry.connected;
  chain.push(booted ? good("Booted", "Its link is open.") : bad("Booted", device?.state === "X_LINK_UNBOOTED" ? "It was shut down." : "Its link is lost.", device?.state === "X_LINK_UNBOOTED" ? "Press Boot on its page." : "It is opened again by itself, at the latest every 30 s."));
  if (!booted) return chain;
  if (Array.isArray(streams)) {
    const on = streams.filter((one) => one.active).map((one) => one.name);
    chain.push(on.length ? good("Streams", `${on.join(", ")} on.`) : warn("Streams", "All are off.", "Switch one on, on its page."));
    const stale = staleStreams(entry.camera).filter((name) => on.includes(name));
    if (stale.length) chain.push(bad("Pictures flow", `${stale.join(", ")} gives none.`, "The camera is opened anew after 10 s."));
  } else chain.push(streams?.failed ? bad("Streams", streams.failed.message, streams.failed.advice) : open("Streams", "Being asked…"));
  const celsius = stats?.chip_temperature?.average;
  if (celsius === undefined) chain.push(stats?.failed ? bad("Temperature", stats.failed.message, stats.failed.advice) : open("Temperature"));
  else chain.push(celsius > HOT ? bad("Temperature", `${celsius.toFixed(1)} °C.`, "Cool it or lower its rates; at 105 °C it switches itself off.") : good("Temperature", `${celsius.toFixed(1)} °C.`));
  return chain;
}

function staleStreams(camera) {
  const stale = new Set();
  for (const { kind, camera: of, data } of timeline.get()) {
    if (of !== camera) continue;
    if (kind === "stale") stale.add(data.stream);
    else if (kind === "fresh" || kind === "streamDeactivated") stale.delete(data.stream);
    else if (kind === "connected") stale.clear();
  }
  return [...stale];
}

function pictureLink(camera, came) {
  const mine = [...came].filter(([topic]) => topic.startsWith(`${camera}/`)).map(([topic, one]) => ({ stream: topic.slice(camera.length + 1), ...one }));
  if (!mine.length) return open("Last picture", "None has come to this page.");
  const newest = mine.reduce((a, b) => (a.at > b.at ? a : b));
  const ago_ms = Date.now() - newest.at;
  return ago_ms < 3000 ? good("Last picture", `${newest.stream}, ${ageText(newest.age_ms)} old when it came.`) : warn("Last picture", `${newest.stream}, ${ageText(ago_ms)} ago.`);
}

/** Return the first link that does not hold, or null. */
export const broken = (chain) => chain.find(({ verdict }) => verdict === "bad") ?? null;

export function Health() {
  const judged = useCell(verdicts);
  const first = ({ camera }) => (judged.get(camera) === false ? 0 : 1);
  const entries = [...useCell(cameras).values()].sort(
    (a, b) => first(a) - first(b) || a.model.localeCompare(b.model) || a.camera.localeCompare(b.camera),
  );
  return html`<section aria-labelledby="health">
    <div class="bar"><h1 id="health" tabindex="-1">Health</h1><${Summary} entries=${entries} judged=${judged} /></div>
    <${System} />
    <div class="chains">${entries.map((entry) => html`<${Chain} key=${entry.camera} entry=${entry} />`)}</div>
    ${entries.length === 0 && html`<p class="empty">No camera is known. One that is plugged in appears within some seconds.</p>`}
    <${Numbers} />
  </section>`;
}

function Summary({ entries, judged }) {
  if (!entries.length || entries.some(({ camera }) => !judged.has(camera))) return null;
  const faulty = entries.filter(({ camera }) => !judged.get(camera));
  const total = entries.length;
  if (!faulty.length) return html`<p class="verdict good"><strong>${total === 1 ? "The camera is ready." : `All ${total} cameras are ready.`}</strong></p>`;
  const names = list(faulty.map(({ model, camera }) => `${model} ${camera}`));
  return html`<p class="verdict bad"><strong>${faulty.length} of ${total} ${faulty.length === 1 ? "is" : "are"} not ready:</strong> ${names}.</p>`;
}

function System() {
  const { state, since } = useCell(line);
  const [broker, setBroker] = useState(null);
  useEvery(LOOK_MS, async (signal) => setBroker(await quietly(ask("/api/server/status", signal))), []);
  const links = [
    state === "open" ? good("Gateway", `Answers; events flow since ${clock(since).slice(0, 8)}.`) : bad("Gateway", "Cannot be reached.", "It is started again by itself. If it stays away, run “lensbus status” on the rack."),
    !broker ? open("Broker", "Being asked…") : broker.failed ? bad("Broker", broker.failed.message, broker.failed.advice) : good("Broker", `Answers; up for ${uptime(broker.server.uptime)}.`),
  ];
  return html`<div class="card chain"><h2>System</h2><${Links} links=${links} /></div>`;
}

// Names keep their capitals.
const lower = (text) => (/^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text);

function uptime(total_s) {
  if (total_s < 120) return `${total_s} s`;
  if (total_s < 7200) return `${Math.floor(total_s / 60)} min`;
  return `${Math.floor(total_s / 3600)} h`;
}

export function Chain({ entry }) {
  const [found, setFound] = useState(null);
  const came = useCell(ages);
  const { state } = useCell(line);
  useCell(timeline);
  useEvery(LOOK_MS, async (signal) => {
    const next = entry.state === "gone" ? null : await evidence(entry, signal);
    if (!signal.aborted) setFound(next);
  }, [entry.camera, entry.connected, entry.state]);
  const streamed = state === "open";
  const chain = entry.state === "gone" ? [GONE] : entry.vendor === "oak" ? oakChain(entry, found, streamed) : sonyChain(entry, found, streamed);
  const fault = broken(chain);
  if (!fault) chain.push(pictureLink(entry.camera, came));
  const judged = found !== null || fault !== null;
  useEffect(() => {
    if (judged) verdicts.update((before) => new Map(before).set(entry.camera, fault === null));
  }, [entry.camera, judged, fault === null]);
  const errors = timeline.get().filter((one) => one.camera === entry.camera && level(one.kind, one.data) === "bad").slice(-3).reverse();
  const logs = (found?.logs ?? []).filter((one) => one.level !== "info").slice(0, 3);
  return html`<article class="card chain" aria-label=${`${entry.model} ${entry.camera}`}>
    <div class="row"><h2><a href=${`#/camera/${entry.camera}`}>${entry.model}</a> <span class="quiet">${entry.camera}</span></h2>
      ${found?.stream && html`<div class="glance"><${Picture} key=${found.stream} camera=${entry.camera} stream=${found.stream} label=${`${found.stream} of ${entry.model}`} pace_ms=${GLANCE_MS} /></div>`}
    </div>
    <p class=${`verdict ${fault ? "bad" : "good"}`}>${fault ? html`<strong>Not ready.</strong> ${fault.name}: ${lower(fault.text)} ${fault.next}` : html`<strong>Ready.</strong>`}</p>
    <${Links} links=${chain} />
    ${(errors.length > 0 || logs.length > 0) &&
    html`<details><summary>Last errors <span class="quiet">${errors.length + logs.length}</span></summary><ul class="plainlist">
      ${errors.map((one) => html`<li><time>${clock(one.at).slice(0, 8)}</time> ${one.kind}: ${sense(one.kind, one.data)}</li>`)}
      ${logs.map((one) => html`<li><time>${one.timestamp.slice(11)}</time> ${one.message}</li>`)}
    </ul></details>`}
  </article>`;
}

const MARKS = { good: ["✓", "holds"], warn: ["!", "look at this"], bad: ["✕", "does not hold"], "": ["·", "not known"] };

function Links({ links }) {
  const end = links.findIndex(({ verdict }) => verdict === "bad");
  return html`<ol class="links">
    ${links.map(
      ({ name, verdict, text, next }, at) => html`<li key=${name} class=${`${verdict} ${end >= 0 && at > end ? "after" : ""}`}>
        <span class="mark" role="img" aria-label=${MARKS[verdict][1]}>${MARKS[verdict][0]}</span>
        <div><strong>${name}</strong> ${text} ${next && html`<em>${next}</em>`}</div>
      </li>`,
    )}
  </ol>`;
}

// The events of all cameras as they come, with filters. What the stream itself went through (lost,
// resumed, gaps) passes every filter: a hole must not look like silence.

import { html, useState } from "./vendor/preact.js";
import { cameras, gaps, line, timeline } from "./events.js";
import { useCell } from "./store.js";
import { clock, level, sense, sort, SORTS, title } from "./words.js";

const SHOWN = 300;

function passes(entry, { camera, sorts, text }) {
  if (entry.own || entry.kind === "gap") return true;
  if (camera && entry.camera !== camera) return false;
  if (!sorts.has(sort(entry.kind))) return false;
  return !text || `${entry.kind} ${entry.camera} ${sense(entry.kind, entry.data)}`.toLowerCase().includes(text.toLowerCase());
}

export function Timeline({ camera: only = "" }) {
  const all = useCell(timeline);
  const known = useCell(cameras);
  const [camera, setCamera] = useState(only);
  const [sorts, setSorts] = useState(new Set(SORTS));
  const [text, setText] = useState("");
  const [held, setHeld] = useState(null);

  const source = held ?? all;
  const found = source.filter((entry) => passes(entry, { camera: only || camera, sorts, text }));
  const flip = (name) => {
    const next = new Set(sorts);
    if (!next.delete(name)) next.add(name);
    setSorts(next);
  };
  return html`<section class="events" aria-labelledby="events">
    <div class="bar">${only ? html`<h2 id="events">Events</h2>` : html`<h1 id="events" tabindex="-1">Events</h1>`}<${Standing} />
      <button aria-pressed=${held !== null} onClick=${() => setHeld(held ? null : all)}>${held ? `Go on (${all.length - held.length} new)` : "Hold"}</button>
    </div>
    <div class="filters" role="group" aria-label="Filters">
      ${!only &&
      html`<select aria-label="Camera" value=${camera} onChange=${(event) => setCamera(event.target.value)}>
        <option value="">All cameras</option>
        ${[...known.values()].map((entry) => html`<option value=${entry.camera}>${entry.model} ${entry.camera}</option>`)}
      </select>`}
      ${SORTS.map((name) => html`<button key=${name} class="chip" aria-pressed=${sorts.has(name)} onClick=${() => flip(name)}>${title(name)}</button>`)}
      <input type="search" placeholder="Find" aria-label="Find an event" value=${text} onInput=${(event) => setText(event.target.value)} />
    </div>
    <ol class="timeline" reversed>
      ${found.slice(-SHOWN).reverse().map((entry) => html`<${Row} key=${entry.serial} entry=${entry} models=${known} />`)}
    </ol>
    ${found.length > SHOWN && html`<p class="quiet">The newest ${SHOWN} of ${found.length}.</p>`}
  </section>`;
}

function Row({ entry, models }) {
  const { own, kind, data, late_ms } = entry;
  const serious = own ? entry.level : level(kind, data);
  return html`<li class=${`${serious} ${own || kind === "gap" ? "own" : ""}`} data-kind=${kind}>
    <time>${clock(data?.timeUs > 0 ? data.timeUs / 1000 : entry.at)}</time>
    <span class="who">${own ? "stream" : (models.get(entry.camera)?.model ?? entry.camera)}</span>
    <span class="kind">${kind}</span>
    <span class="what">${own ? entry.text : sense(kind, data)}</span>
    <span class="late quiet">${late_ms === null || late_ms === undefined ? "" : late_ms < 1000 ? `+${Math.round(late_ms)} ms` : `+${(late_ms / 1000).toFixed(1)} s`}</span>
  </li>`;
}

/** How the stream stands, in words. */
export function Standing() {
  const { state, opens } = useCell(line);
  const { count, events, unknown } = useCell(gaps);
  const words = { open: "Live", lost: "Reconnecting…", connecting: "Connecting…" }[state];
  return html`<p class="standing" role="status"><span class=${`dot ${state === "open" ? "good beats" : state === "lost" ? "bad" : ""}`}></span>${words}
    ${opens > 1 && html` <span class="quiet">reconnected ${opens - 1}×</span>`}
    ${count > 0 && html` <span class="bad">${count} gap${count === 1 ? "" : "s"}, ${unknown ? "at least " : ""}${events} lost</span>`}</p>`;
}

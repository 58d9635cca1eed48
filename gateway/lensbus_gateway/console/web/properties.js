// What a Sony camera is set to: each property with the list that the camera offers now.

import { html, useEffect, useState } from "./vendor/preact.js";
import { act, sony } from "./api.js";
import { attempt } from "./notices.js";
import { shown, title } from "./words.js";

// Where a known name stands; unknown ones follow under "More".
const GROUPS = [
  ["Exposure", /^(exposure|iso|aperture|shutter-speed|metering|ae-|base-iso)/],
  ["Focus and zoom", /^(focus|zoom|af-)/],
  ["Colour", /^(white|awb|color|creative|picture-profile|dro|pp-|base-look)/],
  ["Drive and flash", /^(drive|shutter|silent|flicker|flash|wireless|priority)/],
  ["Pictures", /^(file|image-(quality|size|stab)|raw|still|aspect|high-iso|long-exposure|aps)/],
  ["Movie and sound", /^(movie|audio|timecode|embed)/],
  ["State", /^(battery|media|overheating|recording|.*caution|camera-|shooting)/],
];
const MORE = "More";
// A body takes a value first and reports it later; past this what it reports is what counts.
const SETTLE_MS = 3000;

function grouped(properties) {
  const groups = new Map([...GROUPS.map(([name]) => [name, []]), [MORE, []]]);
  for (const [name, property] of Object.entries(properties)) {
    const group = GROUPS.find(([, pattern]) => pattern.test(name))?.[0] ?? MORE;
    groups.get(group).push([name, property]);
  }
  return [...groups].filter(([, list]) => list.length);
}

export function Properties({ entry, properties }) {
  const [search, setSearch] = useState("");
  if (!properties) return html`<div class="card"><p class="quiet">Reading the properties…</p></div>`;
  const found = Object.fromEntries(
    Object.entries(properties).filter(([name, { current_formatted: text }]) => `${title(name)} ${text}`.toLowerCase().includes(search.toLowerCase())),
  );
  const groups = grouped(found);
  return html`<div class="card properties">
    <div class="row"><h2>Properties</h2>
      <input type="search" placeholder="Find" aria-label="Find a property" value=${search} onInput=${(event) => setSearch(event.target.value)} />
    </div>
    ${groups.length === 0 && html`<p class="quiet">No property of this camera is called that.</p>`}
    ${groups.map(
      ([name, list], at) => html`<details key=${name} open=${at < 2 || search !== ""}>
        <summary>${name} <span class="quiet">${list.length}</span></summary>
        <div class="fields">${list.map(([key, property]) => html`<${Property} key=${key} entry=${entry} name=${key} property=${property} />`)}</div>
      </details>`,
    )}
  </div>`;
}

/** Return the limits of a property whose list says what its three entries are. */
function limits(values) {
  if (values.length !== 3 || !/^min: /.test(values[0].formatted)) return null;
  const [min, max, step] = values.map(({ value }) => value);
  return { min, max, step };
}

function Property({ entry, name, property }) {
  const { current_hex_value: now, current_value: number, current_formatted: text, writable, available_values: values } = property;
  const id = `property-${name}`;
  const [draft, setDraft] = useState(null);
  useEffect(() => setDraft(null), [now, text]);
  const set = async (value) => {
    setDraft(value);
    const worked = await attempt(() => act(`${sony(entry.camera)}/properties/${name}`, { value }, "PUT"));
    const drop = () => setDraft((present) => (present === value ? null : present));
    if (worked) setTimeout(drop, SETTLE_MS);
    else drop();
  };
  const label = html`<label for=${id}>${title(name)}</label>`;
  if (!writable) return html`<div class="field"><span class="name">${title(name)}</span><output class="quiet">${shown(text) || "–"}</output></div>`;
  const range = limits(values);
  if (values.length && !range) {
    const listed = values.some(({ hex_value: value }) => value === now);
    return html`<div class="field">${label}
      <select id=${id} value=${draft ?? now} onChange=${(event) => set(event.target.value)}>
        ${!listed && html`<option value=${now}>${shown(text)}</option>`}
        ${values.map(({ hex_value: value, formatted }) => html`<option value=${value}>${shown(formatted) || value}</option>`)}
      </select>
    </div>`;
  }
  const typed = { id, value: draft ?? (range || text !== "(empty)" ? (range ? number : text) : ""), onChange: (event) => set(event.target.value) };
  return html`<div class="field">${label}
    ${range ? html`<input type="number" ...${typed} min=${range.min} max=${range.max} step=${range.step} />` : html`<input type="text" ...${typed} />`}
  </div>`;
}

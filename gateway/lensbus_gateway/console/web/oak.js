// The panel of an OAK camera.

import { html, useState } from "./vendor/preact.js";
import { ask, oak, request } from "./api.js";
import { Controls } from "./controls.js";
import { Depth } from "./depth.js";
import { attempt, tell } from "./notices.js";
import { Picture } from "./picture.js";
import { useEvery } from "./store.js";
import { useStreams } from "./streams.js";
import { isDepth } from "./wall.js";
import { list, size } from "./words.js";

const DEPTH_PACE_MS = 500;
const STATS_MS = 5000;
const LIGHTS_MS = 5000;

export function OakPanel({ entry, stream }) {
  const { camera, description } = entry;
  const base = oak(camera);
  const [streams, setStreams] = useStreams(entry);
  const on = (streams ?? []).filter((one) => one.active).map((one) => one.name);
  const chosen = on.includes(stream) ? stream : on[0];

  const flip = ({ name, active }) =>
    attempt(async () => {
      const before = on;
      const change = active ? { deactivate: [name] } : { activate: [name] };
      const after = await request("PATCH", `${base}/streams`, change);
      setStreams(after);
      const gone = after.filter((one) => !one.active && before.includes(one.name) && one.name !== name).map((one) => one.name);
      if (gone.length) tell(`${name} is on; ${list(gone)} went off, because they share a sensor.`);
    });
  return html`<${Device} entry=${entry} />
    ${entry.connected &&
    html`<div class="columns">
      <div>
        ${chosen ? html`<${Live} key=${chosen} entry=${entry} stream=${chosen} />` : html`<div class="card"><p class="quiet">All streams are off. Switch one on.</p></div>`}
        <${Switches} streams=${streams} pairs=${description.pairs ?? []} chosen=${chosen} camera=${camera} flip=${flip} />
        <${Lights} camera=${camera} />
      </div>
      <div>${chosen && html`<${Controls} key=${chosen} camera=${camera} stream=${chosen} />`}</div>
    </div>`}`;
}

function Device({ entry }) {
  const base = oak(entry.camera);
  const [stats, setStats] = useState(null);
  const look = async (signal) => setStats(entry.connected ? await ask(`${base}/stats`, signal).catch(() => null) : null);
  useEvery(STATS_MS, look, [entry.camera, entry.connected]);
  const boot = () => attempt(() => request("POST", base), "Booted.");
  const end = () => attempt(() => request("DELETE", base), "Shut down; it stays so until somebody boots it.");
  return html`<div class="card row" role="group" aria-label="Device">
    <p><span class=${`dot ${entry.connected ? "good" : ""}`}></span>${entry.connected ? "Booted" : "Shut down, or out of reach"}</p>
    ${stats && html`<p class="quiet">${stats.chip_temperature.average.toFixed(1)} °C · memory ${size(stats.ddr_memory_usage.used)} of ${size(stats.ddr_memory_usage.total)}</p>`}
    ${entry.connected ? html`<button onClick=${end}>Shut down</button>` : html`<button class="main" onClick=${boot}>Boot</button>`}
  </div>`;
}

function Live({ entry, stream }) {
  const { camera, model } = entry;
  const [shows, setShows] = useState(true);
  const label = `${stream} of ${model}`;
  const still = `${oak(camera)}/streams/${encodeURIComponent(stream)}/still`;
  const formats = isDepth(stream) ? [["png16", "PNG in millimetres"], ["npy", "NumPy"], ["jpeg", "JPEG"]] : [["jpeg", "JPEG"], ["png", "PNG"]];
  const points = `${oak(camera)}/streams/${encodeURIComponent(stream)}/points`;
  return html`<div class="card flush">
    <div class="stage">
      ${isDepth(stream)
        ? html`<${Depth} camera=${camera} stream=${stream} label=${label} pace_ms=${DEPTH_PACE_MS} reads onShown=${setShows} />`
        : html`<${Picture} camera=${camera} stream=${stream} label=${label} onShown=${setShows} />`}
      ${!shows && html`<p class="over">No picture comes. Health tells why.</p>`}
    </div>
    <div class="row pad"><p><strong>${stream}</strong></p>
      <p class="quiet">Take a still:</p>
      ${formats.map(([format, name]) => html`<a class="button" href=${`${still}?format=${format}`} download=${`${camera}-${stream}.${format === "npy" ? "npy" : format.replace("16", "").replace("jpeg", "jpg")}`}>${name}</a>`)}
      ${isDepth(stream) && html`<a class="button" href=${points} download=${`${camera}-${stream}.ply`}>Points (PLY)</a>`}
    </div>
  </div>`;
}

function Switches({ streams, pairs, chosen, camera, flip }) {
  if (!streams) return html`<div class="card"><p class="quiet">Reading the streams…</p></div>`;
  const depth = streams.filter((one) => isDepth(one.name));
  return html`<div class="card">
    <h2>Streams</h2>
    <ul class="switches">
      ${streams.map(
        (one) => html`<li key=${one.name}>
          <label class="toggle"><input type="checkbox" role="switch" checked=${one.active} onChange=${(event) => ((event.target.checked = one.active), flip(one))} /><span>${one.name}</span></label>
          <span class="quiet">${why(one, streams, pairs)}</span>
          ${one.active && (one.name === chosen ? html`<span class="quiet">shown</span>` : html`<a href=${`#/camera/${camera}/${one.name}`}>Show</a>`)}
        </li>`,
      )}
    </ul>
    ${depth.length > 0 && html`<p class="quiet rule">A depth stream measures with its two sensors: it and their own pictures are never on together. What you switch on wins, and what went off does not come back by itself.</p>`}
  </div>`;
}

function why({ name, active }, streams, pairs) {
  const users = streams.filter((one) => one.active && isDepth(one.name) && sensors(one.name, pairs).includes(name));
  if (users.length) return `used by ${users[0].name}`;
  if (!isDepth(name) || active) return "";
  const busy = sensors(name, pairs).filter((sensor) => streams.some((one) => one.name === sensor && one.active));
  return busy.length ? `switches ${list(busy)} off` : "";
}

function sensors(depth, pairs) {
  const pair = pairs.find(({ left, right }) => depth === `DEPTH_${left.slice(4)}_${right.slice(4)}`);
  return pair ? [pair.left, pair.right] : depth.split("_").slice(1).map((socket) => `CAM_${socket}`);
}

function Lights({ camera }) {
  const [lights, setLights] = useState(null);
  useEvery(LIGHTS_MS, async (signal) => setLights(await ask(`${oak(camera)}/ir`, signal).catch(() => null)), [camera]);
  if (!lights) return null;
  const set = (name, value) => attempt(async () => setLights(await request("POST", `${oak(camera)}/ir`, { ...lights, [name]: value })));
  return html`<div class="card"><h2>Infrared lights</h2><div class="fields">
    ${[["dot_projector", "Dot projector"], ["flood_light", "Flood light"]].map(
      ([name, label]) => html`<div class="field slider"><label for=${name}>${label}</label>
        <input id=${name} type="range" min="0" max="1" step="0.05" value=${lights[name]} onChange=${(event) => set(name, Number(event.target.value))} />
        <output>${Math.round(lights[name] * 100)} %</output></div>`,
    )}
  </div></div>`;
}

// The panel of a Sony camera.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { act, ask, request, saved, sony } from "./api.js";
import { useAsked } from "./asked.js";
import { Card } from "./card.js";
import { onEvent } from "./events.js";
import { attempt, tell } from "./notices.js";
import { Picture } from "./picture.js";
import { Properties } from "./properties.js";
import { useEvery } from "./store.js";
import { goLive } from "./wall.js";
import { file, size } from "./words.js";

const MODES = [
  ["remote", "Remote", "live view, shoot, settings"],
  ["remote-transfer", "Remote with card", "also read the card; not every body shows live view then"],
  ["contents", "Card only", "read the card"],
];
const CAPTURES = 6;
const LINKS = new Set(["connected", "gap"]);
const CHANGES = new Set(["propertyChanged", "connected", "gap"]);

export function SonyPanel({ entry }) {
  const { camera } = entry;
  const base = sony(camera);
  const [link] = useAsked(entry, `${base}/connection`, LINKS);
  const [settings] = useAsked(entry, `${base}/properties/all`, CHANGES);
  const mode = link?.data?.mode ?? null;
  const properties = settings?.data.properties ?? null;
  const remote = entry.connected && mode !== "contents";
  return html`<${Connection} entry=${entry} mode=${mode} />
    ${entry.connected &&
    html`<div class="columns">
      <div>
        ${remote && html`<${Live} entry=${entry} /><${Hands} entry=${entry} properties=${properties} />`}
        ${mode === "remote"
          ? html`<div class="card"><p class="quiet">To read the memory card, switch to a mode with card.</p></div>`
          : mode !== null && html`<${Card} entry=${entry} />`}
      </div>
      <div>${remote && html`<${Properties} entry=${entry} properties=${properties} />`}</div>
    </div>`}`;
}

function Connection({ entry, mode }) {
  const [chosen, setWanted] = useState(null);
  const [busy, setBusy] = useState(false);
  const run = async (work) => {
    setBusy(true);
    await work();
    setBusy(false);
  };
  const leave = () => request("DELETE", `${sony(entry.camera)}/connection`);
  const connect = () => run(() => goLive(entry.camera, wanted));
  const disconnect = () => run(() => attempt(leave, "Disconnected."));
  const wanted = chosen ?? mode ?? MODES[0][0];
  const change = () =>
    run(async () => {
      const gone = await attempt(leave);
      if (gone) await goLive(entry.camera, wanted);
    });
  const idle = "Not connected. In the mode Remote it shows what it sees, shoots and can be set.";
  const named = MODES.find(([name]) => name === mode)?.[1] ?? mode;
  return html`<div class="card row" role="group" aria-label="Connection">
    <p><span class=${`dot ${entry.connected ? "good" : ""}`}></span>${busy ? "This takes some seconds…" : entry.connected ? `Connected${named ? `: ${named}` : ""}` : idle}</p>
    <label class="mode">Mode
      <select value=${wanted} onChange=${(event) => setWanted(event.target.value)}>
        ${MODES.map(([name, label, what]) => html`<option value=${name}>${label}: ${what}</option>`)}
      </select>
    </label>
    ${entry.connected
      ? html`${wanted !== mode && mode !== null && html`<button class="main" disabled=${busy} onClick=${change}>Switch mode</button>`}
          <button disabled=${busy} onClick=${disconnect}>Disconnect</button>`
      : html`<button class="main" disabled=${busy} onClick=${connect}>Connect</button>`}
  </div>`;
}

// Live view and the focus point

const GRID = 0.02;
const NEAR = 0.08;
const FLOWS_MS = 1200;

function Live({ entry }) {
  const { camera, model } = entry;
  const base = sony(camera);
  const [shows, setShows] = useState(null); // not known before the first picture, or none, came
  const [frames, setFrames] = useState([]);
  const [aim, setAim] = useState(null);
  const box = useRef();
  const flow = useRef({ first: Infinity, last: 0 }); // when pictures began to come, and the last

  const draw = (there) => {
    const now = Date.now();
    const goesOn = now - flow.current.last < FLOWS_MS;
    if (there) flow.current = { first: goesOn ? flow.current.first : now, last: now };
    setShows(there);
  };
  const look = async (signal) => {
    // Without a flow of pictures there is no frame to ask for, and a last one may be shown still.
    const now = Date.now();
    if (now - flow.current.last > FLOWS_MS || now - flow.current.first < FLOWS_MS) return [];
    const answer = await ask(`${base}/af-area-position`, signal).catch(() => null);
    if (signal?.aborted) return [];
    const found = answer?.data.frames ?? [];
    setFrames(found);
    return found;
  };
  useEvery(1000, look, [camera, shows]);

  const focusAt = async (point) => {
    setAim(point);
    if (!(await attempt(() => act(`${base}/af-area-position`, { normalized: point }, "PUT")))) return;
    const found = await look();
    // Accepted is not done: where the frame is, only the camera tells.
    if (found.length && !found.some(({ normalized }) => Math.hypot(normalized.x - point.x, normalized.y - point.y) < NEAR)) {
      setAim(null);
      tell("The camera kept its focus frame where it was", "bad", "Choose a focus area that can be moved, such as a flexible spot.");
    }
  };
  const click = (event) => {
    const frame = box.current.getBoundingClientRect();
    focusAt({ x: share((event.clientX - frame.left) / frame.width), y: share((event.clientY - frame.top) / frame.height) });
  };
  const key = (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const { x, y } = aim ?? { x: 0.5, y: 0.5 };
    if (by) setAim({ x: share(x + by[0] * GRID), y: share(y + by[1] * GRID) });
    else if (event.key === "Enter") focusAt({ x, y });
    else if (event.key === "Escape") setAim(null);
    else return;
    event.preventDefault();
  };
  const switchView = () => attempt(() => act(`${base}/live-view/${shows ? "stop" : "start"}`));
  return html`<div class="card flush">
    <div class="aim" ref=${box} tabindex="0" role="application" onClick=${click} onKeyDown=${key}
      aria-label=${`Live view of ${model}. Click sets the focus point; arrow keys move it, Enter sets it.`}>
      <${Picture} camera=${camera} stream="liveview" label=${`Live view of ${model}`} onShown=${draw} />
      ${shows && frames.map((frame) => html`<span class=${`frame ${frame.state === "focused" ? "sharp" : ""}`} style=${placeOf(frame)}></span>`)}
      ${aim && html`<span class="cross" style=${{ left: `${aim.x * 100}%`, top: `${aim.y * 100}%` }}></span>`}
      ${shows === false && html`<p class="over">Live view is off.</p>`}
    </div>
    <div class="row pad">
      <p class="quiet">${shows ? "Click into the picture to set the focus point." : ""}</p>
      <button onClick=${switchView}>${shows ? "Stop live view" : "Start live view"}</button>
    </div>
  </div>`;
}

const share = (part) => Math.min(1, Math.max(0, part));

function placeOf({ normalized, size: { normalized_width: width, normalized_height: height } }) {
  return {
    left: `${(normalized.x - width / 2) * 100}%`,
    top: `${(normalized.y - height / 2) * 100}%`,
    width: `${width * 100}%`,
    height: `${height * 100}%`,
  };
}

// Shooting, and what became of each trigger

function Hands({ entry, properties }) {
  const base = `${sony(entry.camera)}/actions`;
  const [captures, setCaptures] = useState([]);
  const change = (number, more) =>
    setCaptures((list) => {
      const known = list.some((one) => one.number === number);
      const next = known ? list : [{ number, files: [] }, ...list].slice(0, CAPTURES);
      return next.map((one) => (one.number === number ? more(one) : one));
    });

  useEffect(
    () =>
      onEvent((kind, data) => {
        const { capture } = data;
        if (data.cameraId !== entry.camera || capture === undefined || capture === null) return;
        if (kind === "warning") change(capture, (one) => ({ ...one, exposed: true }));
        else if (kind === "downloadComplete") change(capture, (one) => ({ ...one, files: [...one.files, data] }));
        else if (kind === "capture.not_exposed") change(capture, (one) => ({ ...one, failed: "The camera took no picture." }));
        else if (kind === "capture.unknown") change(capture, (one) => ({ ...one, failed: "Nobody knows: the connection ended." }));
        else if (kind === "transfer.failed") change(capture, (one) => ({ ...one, failed: data.message }));
      }),
    [entry.camera],
  );

  const shoot = (action) =>
    attempt(async () => {
      const answer = await act(`${base}/${action}`);
      const number = answer.data?.capture;
      if (number) change(number, (one) => one);
    });
  const recording = properties?.["recording-state"];
  const records = recording !== undefined && recording.current_value !== 0;
  const movie = () =>
    attempt(async () => {
      const answer = await act(`${base}/movie-rec`);
      tell(answer.message);
    });
  return html`<div class="card">
    <div class="row hands">
      <button class="main" onClick=${() => shoot("shutter")}>Shoot</button>
      <button onClick=${() => attempt(() => act(`${base}/half-press`), "Focusing was asked for.")}>Focus</button>
      <button onClick=${() => shoot("af-shutter")}>Focus and shoot</button>
      <button aria-pressed=${records} class=${records ? "records" : ""} onClick=${movie}>${records ? "Stop the movie" : "Record a movie"}</button>
    </div>
    ${captures.length > 0 &&
    html`<ol class="captures" aria-label="Captures" aria-live="polite">
      ${captures.map((one) => html`<${Capture} key=${one.number} capture=${one} />`)}
    </ol>`}
  </div>`;
}

function Capture({ capture: { number, exposed, files, failed } }) {
  const picture = files.find((one) => /\.jpe?g$/i.test(one.savedPath ?? ""));
  const state = failed ?? (files.length ? "Saved" : exposed ? "Exposed; the file is on the card or on its way." : "Accepted, not exposed yet…");
  return html`<li class=${failed ? "bad" : ""}>
    ${picture && html`<a href=${saved(picture.cameraId, picture.savedPath)} target="_blank" rel="noopener"><img src=${saved(picture.cameraId, picture.savedPath)} alt=${file(picture.savedPath)} loading="lazy" /></a>`}
    <div>
      <p>${state}</p>
      ${files.map((one) => html`<p><a href=${saved(one.cameraId, one.savedPath, true)} download>${file(one.savedPath)}</a> <span class="quiet">${size(one.size)}</span></p>`)}
      <p class="quiet">${new Date(number / 1000).toLocaleTimeString([], { hour12: false })}</p>
    </div>
  </li>`;
}


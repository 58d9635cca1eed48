// What an OAK sensor is controlled by: whatever it says it can do, between the limits it names.
// While an automatic is on its values move by themselves, and the sliders follow.

import { html, useRef, useState } from "./vendor/preact.js";
import { ask, oak, request } from "./api.js";
import { attempt } from "./notices.js";
import { useEvery } from "./store.js";
import { title } from "./words.js";

const FOLLOW_MS = 700;

// Who moves a value by itself, and how it is said.
const MOVED_BY = {
  exposure_time: ["auto_exposure_enable", (control) => control.auto_exposure_enable],
  sensitivity_iso: ["auto_exposure_enable", (control) => control.auto_exposure_enable],
  manual_whitebalance: ["auto_whitebalance_mode", (control) => control.auto_whitebalance_mode !== "OFF"],
  lens_position: ["auto_focus_mode", (control) => control.focus?.auto_focus_mode !== "OFF"],
};
const UNITS = { exposure_time: "µs", manual_whitebalance: "K", auto_exposure_limit: "µs" };
const SWITCHES = ["auto_exposure_enable", "auto_exposure_lock", "auto_whitebalance_lock"];
const CHOICES = { auto_whitebalance_modes: "auto_whitebalance_mode", anti_banding_modes: "anti_banding_mode" };
const ORDER = ["exposure_time", "sensitivity_iso", "auto_exposure_compensation", "auto_exposure_limit", "manual_whitebalance", "lens_position"];

export function Controls({ camera, stream }) {
  const base = `${oak(camera)}/streams/${encodeURIComponent(stream)}/control`;
  const [abilities, setAbilities] = useState(null);
  const [control, setControl] = useState(null);
  const [trouble, setTrouble] = useState(null);
  const held = useRef(false); // while a slider is being moved nothing else moves it

  useEvery(
    FOLLOW_MS,
    async (signal) => {
      try {
        if (!abilities) setAbilities(await ask(`${base}/capabilities`, signal));
        const found = await ask(base, signal);
        if (signal.aborted) return;
        if (!held.current) setControl(found);
        setTrouble(null);
      } catch (error) {
        if (!signal.aborted) setTrouble(error);
      }
    },
    [base, abilities === null],
  );
  if (trouble && !control) return html`<div class="card"><h2>Control</h2><p class="bad">${trouble.message}. ${trouble.advice}</p></div>`;
  if (!abilities || !control) return html`<div class="card"><h2>Control</h2><p class="quiet">Reading the controls…</p></div>`;

  const set = (change) => attempt(async () => setControl(await request("POST", base, change)));
  const focus = (change) => set({ focus: { ...control.focus, auto_focus_trigger: false, ...change } });
  const ranges = Object.entries(abilities)
    .filter(([name, value]) => value && typeof value === "object" && "min" in value && (name in control || name === "lens_position"))
    .filter(([name]) => name !== "lens_position" || control.focus)
    .sort(([a], [b]) => rank(a) - rank(b));
  return html`<div class="card">
    <div class="row"><h2>Control <span class="quiet">${stream}</span></h2><button onClick=${() => attempt(async () => setControl(await request("POST", `${base}/reset`)), "All controls have their defaults.")}>Reset</button></div>
    <div class="fields">
      ${SWITCHES.filter((name) => name in control && (name !== "auto_whitebalance_lock" || abilities.has_color_controls)).map(
        (name) => html`<label key=${name} class="toggle"><input type="checkbox" role="switch" checked=${control[name]} onChange=${(event) => set({ [name]: event.target.checked })} /><span>${title(name.replace("_enable", "").replace("auto_", "automatic_"))}</span></label>`,
      )}
      ${Object.entries(CHOICES)
        .filter(([modes, name]) => abilities[modes]?.length && name in control)
        .map(([modes, name]) => html`<${Choice} key=${name} name=${name} modes=${abilities[modes]} value=${control[name]} set=${(value) => set({ [name]: value })} />`)}
      ${control.focus && abilities.auto_focus_modes?.length > 0 &&
      html`<${Choice} name="auto_focus_mode" modes=${abilities.auto_focus_modes} value=${control.focus.auto_focus_mode} set=${(value) => focus({ auto_focus_mode: value })} />`}
      ${ranges.map(([name, limits]) => {
        const mover = MOVED_BY[name];
        const value = name === "lens_position" ? control.focus.lens_position : control[name];
        return html`<${Slider} key=${name} name=${name} limits=${limits} value=${value} follows=${mover?.[1](control) ?? false} held=${held}
          set=${(next) => (name === "lens_position" ? focus({ lens_position: next }) : set({ [name]: next }))} />`;
      })}
    </div>
  </div>`;
}

function rank(name) {
  const at = ORDER.indexOf(name);
  return at < 0 ? ORDER.length : at;
}

function Choice({ name, modes, value, set }) {
  return html`<div class="field"><label for=${`control-${name}`}>${title(name)}</label>
    <select id=${`control-${name}`} value=${value} onChange=${(event) => set(event.target.value)}>
      ${modes.map((mode) => html`<option value=${mode}>${title(mode.toLowerCase())}</option>`)}
    </select></div>`;
}

function Slider({ name, limits: { min, max, step }, value, follows, held, set }) {
  const id = `control-${name}`;
  const [draft, setDraft] = useState(null);
  const move = (event) => {
    held.current = true;
    setDraft(Number(event.target.value));
  };
  const release = async (event) => {
    await set(Number(event.target.value));
    held.current = false;
    setDraft(null);
  };
  const now = draft ?? value;
  return html`<div class=${`field slider ${follows ? "follows" : ""}`}>
    <label for=${id}>${title(name)}</label>
    <input id=${id} type="range" min=${min} max=${max} step=${step} value=${now} disabled=${follows} onInput=${move} onChange=${release}
      aria-valuetext=${`${now} ${UNITS[name] ?? ""}${follows ? ", moved by the automatic" : ""}`} />
    <output>${Number.isInteger(now) ? now : now.toFixed(2)}${UNITS[name] ? ` ${UNITS[name]}` : ""}${follows ? html`<small> auto</small>` : ""}</output>
  </div>`;
}

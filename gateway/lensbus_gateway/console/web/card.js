// The memory card: its newest files with thumbnails, and fetching them with progress.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { act, ask, saved, sony } from "./api.js";
import { onEvent } from "./events.js";
import { tellFailure } from "./notices.js";
import { file, size } from "./words.js";

const PAGE = 12;
const PULL_MS = 60_000;
const AGAIN_MS = 400;
const THUMBNAILS = "thumbnails"; // below the folder of the camera, apart from its pictures

export function Card({ entry }) {
  const { camera } = entry;
  const [slot, setSlot] = useState(1);
  const [page, setPage] = useState(0);
  const [listed, setListed] = useState(null);
  const [again, setAgain] = useState(0);
  const pulls = usePulls(camera);

  useEffect(() => {
    const end = new AbortController();
    setListed(null);
    ask(`${sony(camera)}/sd-card/slot/${slot}/files?sort=-created&offset=${page * PAGE}&limit=${PAGE}`, end.signal).then(
      (answer) => {
        if (end.signal.aborted) return;
        setListed(answer);
        for (const one of answer.files) pulls.thumbnail(slot, one);
      },
      (error) => {
        if (end.signal.aborted) return;
        setListed({ files: [], total: 0, trouble: error.message });
      },
    );
    return () => {
      end.abort();
      pulls.forget();
    };
  }, [camera, slot, page, again]);

  const pages = Math.ceil((listed?.total ?? 0) / PAGE);
  return html`<div class="card">
    <div class="row"><h2>Card</h2>
      <div class="switch" role="group" aria-label="Slot">
        ${[1, 2].map((number) => html`<button aria-pressed=${slot === number} onClick=${() => (setPage(0), setSlot(number))}>Slot ${number}</button>`)}
      </div>
      <button onClick=${() => setAgain(again + 1)}>Read again</button>
    </div>
    ${!listed && html`<p class="quiet">Reading the card…</p>`}
    ${listed?.trouble && html`<p class="bad">${listed.trouble}</p>`}
    ${listed && !listed.trouble && !listed.files.length && html`<p class="quiet">There are no files in slot ${slot}.</p>`}
    <ul class="files">
      ${listed?.files.map((one) => html`<${CardFile} key=${keyOf(slot, one)} camera=${camera} one=${one} state=${pulls.states.get(keyOf(slot, one))} fetch=${() => pulls.fetch(slot, one)} />`)}
    </ul>
    ${pages > 1 &&
    html`<div class="row">
      <button disabled=${page === 0} onClick=${() => setPage(page - 1)}>Newer</button>
      <span class="quiet">${page + 1} of ${pages}, ${listed.total} files</span>
      <button disabled=${page + 1 >= pages} onClick=${() => setPage(page + 1)}>Older</button>
    </div>`}
  </div>`;
}

const keyOf = (slot, one) => `${slot}.${one.content_id}.${one.file_id}`;

function CardFile({ camera, one, state = {}, fetch }) {
  const name = file(one.file_path);
  const { creation_year: year, creation_month: month, creation_day: day, creation_hour: hour, creation_minute: minute } = one;
  const two = (number) => String(number).padStart(2, "0");
  return html`<li>
    ${state.thumbnail ? html`<img src=${saved(camera, state.thumbnail)} alt="" loading="lazy" />` : html`<span class="blank" aria-hidden="true"></span>`}
    <p class="name">${name}</p>
    <p class="quiet">${size(one.file_size)} · ${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}</p>
    ${state.percent !== undefined && html`<progress max="100" value=${state.percent} aria-label=${`${name}: ${state.percent} %`}></progress>`}
    ${state.path
      ? html`<a class="button" href=${saved(camera, state.path, true)} download>Keep ${file(state.path)}</a>`
      : html`<button disabled=${state.waits || state.percent !== undefined} onClick=${fetch} aria-label=${`Download ${name}`}>${state.waits ? "Waits…" : "Download"}</button>`}
    ${state.trouble && html`<p class="bad">${state.trouble}</p>`}
  </li>`;
}

/** A camera gives one file at a time: what is wanted waits in a row, files before thumbnails. */
function usePulls(camera) {
  const [states, setStates] = useState(new Map());
  const row = useRef([]);
  const runs = useRef(false);
  const alive = useRef(true);

  const change = (key, more) => setStates((before) => new Map(before).set(key, { ...before.get(key), ...more }));

  const run = async () => {
    if (runs.current) return;
    runs.current = true;
    while (row.current.length && alive.current) {
      const wish = row.current.shift();
      await pull(camera, wish, (more) => alive.current && change(wish.key, more), () => alive.current);
    }
    runs.current = false;
  };
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, [camera]);

  return {
    states,
    thumbnail(slot, one) {
      if (states.get(keyOf(slot, one))?.thumbnail) return;
      row.current.push({ what: "thumbnail", slot, one, key: keyOf(slot, one) });
      run();
    },
    fetch(slot, one) {
      const key = keyOf(slot, one);
      change(key, { waits: true, trouble: undefined });
      row.current.unshift({ what: "download", slot, one, key });
      run();
    },
    forget() {
      row.current = row.current.filter((wish) => wish.what === "download");
    },
  };
}

async function pull(camera, { what, slot, one }, change, goesOn) {
  const base = `${sony(camera)}/sd-card/slot/${slot}/files/${one.content_id}/${one.file_id}`;
  let timer = 0;
  let stop = () => {};
  try {
    const body = what === "thumbnail" ? { save_path: await thumbnails(camera) } : {};
    const ended = new Promise((resolve, reject) => {
      const late = () => reject(new Error("Nothing was heard of it for a minute."));
      timer = setTimeout(late, PULL_MS);
      stop = onEvent((kind, data) => {
        const mine = data.cameraId === camera && data.contentId === one.content_id && data.fileId === one.file_id;
        if (!mine) return;
        clearTimeout(timer);
        timer = setTimeout(late, PULL_MS);
        if (kind === "transfer.failed") reject(new Error(data.message));
        else if (kind === "transferProgress" && data.error) reject(new Error(data.error));
        else if (kind === "transferProgress" && data.savedPath) resolve(data.savedPath);
        else if (kind === "transferProgress" && what === "download") change({ percent: data.percent, waits: false });
      });
    });
    ended.catch(() => {}); // it may fail while its beginning is still being asked for
    await begin(`${base}/${what}`, body, goesOn);
    const path = await ended;
    change(what === "download" ? { path, percent: undefined, waits: false } : { thumbnail: path });
  } catch (error) {
    if (what === "download") {
      change({ trouble: error.message, percent: undefined, waits: false });
      tellFailure(error);
    }
  } finally {
    clearTimeout(timer);
    stop();
  }
}

/** Begin a pull; while somebody else's runs, try again. */
async function begin(path, body, goesOn) {
  for (;;) {
    try {
      await act(path, body);
      return;
    } catch (error) {
      if (error.status !== 409 || !goesOn()) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

const folders = new Map();

async function thumbnails(camera) {
  if (!folders.has(camera)) {
    const answer = await ask(`${sony(camera)}/settings/save-info`);
    folders.set(camera, `${answer.data.path}/${THUMBNAILS}`);
  }
  return folders.get(camera);
}

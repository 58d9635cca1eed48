// Requests to the gateway. What goes wrong becomes a sentence and what to do next.

import { look } from "./session.js";

const LIMIT_MS = 30_000;

/** Something that did not work, in words for people. */
export class Failure extends Error {
  constructor(message, { status = 0, advice = "", data = undefined } = {}) {
    super(message);
    this.status = status;
    this.advice = advice;
    this.data = data;
  }
}

const BY_TEXT = [
  [/no live view in the mode/i, "Switch it to the mode Remote on its page."],
  [/not connected/i, "Connect the camera first."],
  [/no cameras? found|cable/i, "Check cable, power and the USB mode of the camera; Health shows what is seen."],
  [/priority key/i, "Set the priority key to PC remote, or change the mode at the camera."],
  [/manual focus|focus_mode_not_af/i, "Choose an autofocus mode, or shoot without focusing."],
  [/Connect_TimeOut/i, "Another process may hold the camera: end it, then try again."],
  [/another process may hold|another session|busy/i, "End the other program that uses the camera, then try again."],
  [/is off|not active|inactive/i, "Switch the stream on first."],
  [/shut down/i, "Boot the camera first."],
  [/stuck|silent|lost/i, "Its worker is started again by itself; Health shows how far it is."],
  [/transfer is (already )?running|already running/i, "Wait for the running transfer; its end is shown here."],
  [/fingerprint|password|authentication/i, "Check the login of the camera in its network menu."],
];

const BY_STATUS = {
  400: "",
  401: "Sign in again.",
  403: "Sign in with a token that allows it; its operator makes one.",
  404: "It may have gone in the meantime; Health shows what is there.",
  409: "Look at its state under Health, then try again.",
  422: "Choose a value that is offered.",
  502: "Try again; if it stays, unplug the camera and plug it in again.",
  503: "The broker is started again by itself; try again in some seconds.",
  504: "The camera does not answer in time. Health shows whether its worker does.",
};

/** Return what to do next about an answer, or about what an event says (status 0). */
export function adviceFor(status, text) {
  return BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? BY_STATUS[status] ?? "";
}

function wordsOf(body, status) {
  if (typeof body?.message === "string") return body.message;
  if (typeof body?.detail === "string") return body.detail;
  if (Array.isArray(body?.detail)) {
    return body.detail.map((fault) => `${(fault.loc ?? []).slice(1).join(" ")}: ${fault.msg}`).join("; ");
  }
  return `The gateway answered with status ${status}`;
}

async function send(method, path, { body, headers = {}, signal } = {}) {
  const limits = [AbortSignal.timeout(LIMIT_MS), ...(signal ? [signal] : [])];
  const init = { method, headers: { ...headers }, signal: AbortSignal.any(limits) };
  if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  try {
    return await fetch(path, init);
  } catch (error) {
    const late = error.name === "TimeoutError";
    throw new Failure(late ? "No answer in time" : "The gateway cannot be reached", {
      advice: "It is started again by itself; try again in some seconds.",
    });
  }
}

async function failureOf(response) {
  if (response.status === 401) look();
  const body = await response.json().catch(() => null);
  const text = wordsOf(body, response.status);
  const advice = adviceFor(response.status, text);
  return new Failure(text, { status: response.status, advice, data: body?.data });
}

async function json(response) {
  if (!response.ok) throw await failureOf(response);
  return response.json().catch(() => null);
}

/** Return the JSON of an answer; throw a Failure for any other, and when the signal ends it. */
export async function ask(path, signal = undefined) {
  return json(await send("GET", path, { signal }));
}

/** Have something changed that can be changed twice without harm. */
export async function request(method, path, body = undefined) {
  return json(await send(method, path, { body }));
}

/** Have a camera do something, at most once however the line breaks. */
export async function act(path, body = {}, method = "POST") {
  const key = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0"));
  const headers = { "Idempotency-Key": key.join("") };
  return json(await send(method, path, { body, headers }));
}

/** Return the bytes of an answer. */
export async function bytes(path, signal) {
  const response = await send("GET", path, { signal });
  if (!response.ok) throw await failureOf(response);
  return response.arrayBuffer();
}

export const sony = (camera) => `/api/cameras/${encodeURIComponent(camera)}`;
export const oak = (camera) => `/cameras/${encodeURIComponent(camera)}`;

/** Return where a saved file is read, by the full path that an event told. */
export const saved = (camera, path, keep = false) =>
  `${sony(camera)}/saved${path.split("/").map(encodeURIComponent).join("/")}${keep ? "?save=1" : ""}`;

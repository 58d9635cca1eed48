// The contracts, to be read: every operation of /openapi.json and every event of /asyncapi.json.
// What only reads can be tried here; for the rest there is the line for a terminal.

import { html, render, useEffect, useMemo, useState } from "./vendor/preact.js";

const ENDLESS = ["text/event-stream", "multipart/x-mixed-replace"];
const METHODS = ["get", "post", "put", "patch", "delete"];
const SHOWN = 20000; // characters of an answer

const found = (document, reference) =>
  reference
    .replace(/^#\//, "")
    .split("/")
    .reduce((node, step) => node?.[step.replaceAll("~1", "/").replaceAll("~0", "~")], document);

const resolved = (document, node) => (node?.$ref ? found(document, node.$ref) : node);

/** Return a schema as text: the names of an object, one a line, and what each of them holds. */
function outline(document, schema, indent = "", seen = []) {
  if (!schema || schema === true) return "anything";
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return seen.includes(name) ? name : outline(document, resolved(document, schema), indent, [...seen, name]);
  }
  const several = schema.anyOf ?? schema.oneOf;
  if (several && !schema.properties) return several.map((one) => outline(document, one, indent, seen)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.properties) {
    const deeper = `${indent}  `;
    const lines = Object.entries(schema.properties).map(([name, one]) => {
      const mark = schema.required?.includes(name) ? "" : "?";
      const note = one.description ? `  // ${one.description}` : "";
      return `${deeper}${name}${mark}: ${outline(document, one, deeper, seen)}${note}`;
    });
    return `{\n${lines.join("\n")}\n${indent}}`;
  }
  if (schema.prefixItems) return `[${schema.prefixItems.map((one) => outline(document, one, indent, seen)).join(", ")}]`;
  if (schema.type === "array") return `[${outline(document, schema.items, indent, seen)}, ...]`;
  const values = schema.additionalProperties;
  if (values && values !== true) return `{ name: ${outline(document, values, indent, seen)} }`;
  return [schema.type].flat().join(" | ").replace(/^$/, "anything") + limits(schema);
}

function limits({ minimum, maximum, pattern, format, default: initial }) {
  const range = minimum !== undefined || maximum !== undefined ? `${minimum ?? ""}..${maximum ?? ""}` : "";
  const told = [range, pattern && `/${pattern}/`, format, initial !== undefined && `default ${JSON.stringify(initial)}`].filter(Boolean);
  return told.length ? ` (${told.join(", ")})` : "";
}

/** Return the address of an operation with what was typed in. */
function addressOf(path, parameters, typed) {
  const value = ({ name, example }) => typed[name] ?? (example === undefined ? "" : String(example));
  const named = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(value(parameters.find((one) => one.name === name) ?? { name })));
  const query = new URLSearchParams();
  for (const one of parameters) if (one.in === "query" && typed[one.name]) query.set(one.name, typed[one.name]);
  return query.size ? `${named}?${query}` : named;
}

function lineFor(method, address, body) {
  const sent = body === undefined ? "" : ` -H 'Content-Type: application/json' -d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`;
  return `curl -X ${method.toUpperCase()}${sent} '${location.origin}${address}'`;
}

function Operation({ document, path, method, operation }) {
  const [open, setOpen] = useState(false);
  return html`<details onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary><b class="method">${method.toUpperCase()}</b><code>${path}</code><span class="quiet">${prose(operation.summary)}</span></summary>
    ${open && html`<${Inside} document=${document} path=${path} method=${method} operation=${operation} />`}
  </details>`;
}

function Inside({ document, path, method, operation }) {
  const [typed, setTyped] = useState({});
  const parameters = operation.parameters ?? [];
  const bodies = Object.entries(operation.requestBody?.content ?? {});
  const examples = Object.values(bodies.find(([media]) => media === "application/json")?.[1].examples ?? {});
  const address = addressOf(path, parameters, typed);
  const scopes = [...new Set(operation.security.flatMap((way) => Object.values(way).flat()))];
  const media = Object.values(operation.responses).flatMap((one) => Object.keys(resolved(document, one).content ?? {}));
  const tries = method === "get" && !media.some((one) => ENDLESS.includes(one));
  return html`<div class="inside">
    ${operation.description && html`<p class="about">${prose(operation.description)}</p>`}
    <p class="quiet">${scopes.length ? `Where tokens are demanded: scope ${scopes.join(", ")}.` : "Open to everybody."}</p>
    ${parameters.length > 0 && html`<h3>Parameters</h3><table>${parameters.map((one) => html`<tr>
      <td><label for=${`${operation.operationId}-${one.name}`}><code>${one.name}</code></label> <span class="quiet">${one.in}</span></td>
      <td>${prose(one.description)}<br /><span class="quiet">${outline(document, one.schema)}</span></td>
      <td>${tries && one.in !== "header" && html`<input id=${`${operation.operationId}-${one.name}`} value=${typed[one.name] ?? (one.in === "path" ? one.example : "")} onInput=${(event) => setTyped({ ...typed, [one.name]: event.currentTarget.value })} />`}</td>
    </tr>`)}</table>`}
    ${bodies.map(([type, one]) => html`<h3>Body: ${type}${operation.requestBody.required ? "" : " (may be left out)"}</h3><pre tabindex="0">${outline(document, one.schema)}</pre>`)}
    <h3>Terminal</h3><pre tabindex="0">${lineFor(method, address, examples[0]?.value)}</pre>
    ${tries && html`<${Try} address=${address} />`}
    <h3>Answers</h3>
    ${Object.entries(operation.responses).map(([status, told]) => html`<${Answer} document=${document} status=${status} told=${resolved(document, told)} />`)}
  </div>`;
}

function Answer({ document, status, told }) {
  const contents = Object.entries(told.content ?? {});
  return html`<p><b>${status}</b> ${prose(told.description)}</p>
    ${contents.map(([type, one]) => html`<pre tabindex="0">${type === "application/json" ? outline(document, one.schema) : type}</pre>`)}`;
}

function Try({ address }) {
  const [got, setGot] = useState(null);
  const send = async () => {
    try {
      const answer = await fetch(address);
      const type = answer.headers.get("content-type") ?? "";
      const head = `${answer.status} ${type}`;
      if (type.startsWith("image/")) setGot({ head, image: address });
      else if (/json|text/.test(type)) {
        const text = await answer.text();
        setGot({ head, text: (type.includes("json") ? JSON.stringify(JSON.parse(text), null, 2) : text).slice(0, SHOWN) });
      } else setGot({ head: `${head}, ${(await answer.arrayBuffer()).byteLength} bytes` });
    } catch (error) {
      setGot({ head: `Nothing came: ${error.message}` });
    }
  };
  return html`<button type="button" onClick=${send}>Try it</button>
    <div role="status">${got && html`<p><b>${got.head}</b></p>
      ${got.text && html`<pre tabindex="0">${got.text}</pre>`}
      ${got.image && html`<img src=${got.image} alt="The picture that was answered" />`}`}</div>`;
}

function Kind({ document, message }) {
  const told = resolved(document, message);
  return html`<details>
    <summary><code>${told.name}</code><span class="quiet">${prose(told.summary)}</span></summary>
    <div class="inside"><pre tabindex="0">${outline(document, told.payload)}</pre></div>
  </details>`;
}

const slug = (name) => `chapter-${name.replaceAll(" ", "-")}`;

/** Show a sentence, with what stands between backticks as code. */
const prose = (text) => text.split("`").map((part, n) => (n % 2 ? html`<code>${part}</code>` : part));

const holds = (words, text) => words.every((word) => text.toLowerCase().includes(word));

function Docs({ http, bus }) {
  const [wish, setWish] = useState("");
  const words = wish.toLowerCase().split(/\s+/).filter(Boolean);
  const operations = useMemo(
    () => Object.entries(http.paths).flatMap(([path, methods]) => METHODS.filter((method) => methods[method]).map((method) => ({ path, method, operation: methods[method] }))),
    [http],
  );
  const shown = operations.filter(({ path, method, operation }) => holds(words, `${method} ${path} ${operation.summary} ${operation.operationId}`));
  const chapters = http.tags.map((tag) => ({ ...tag, all: shown.filter((one) => one.operation.tags.includes(tag.name)) })).filter((one) => one.all.length);
  const messages = Object.values(bus.channels.eventStream.messages).map((one) => found(bus, one.$ref));
  const kinds = messages.filter((one) => holds(words, `${one.name} ${one.summary} event`));
  const turn = (name) => (event) => (event.preventDefault(), window.document.getElementById(slug(name)).scrollIntoView());
  return html`<header><a class="brand" href="/"><img src="/console/icon.svg" alt="" width="22" height="22" />lensbus</a>
      <nav aria-label="Documents"><a href="/openapi.json">openapi.json</a><a href="/asyncapi.json">asyncapi.json</a></nav></header>
    <main class="docs">
      <nav class="chapters" aria-label="Chapters">${[...chapters.map((one) => one.name), "event names"].map((name) => html`<a href=${`#${slug(name)}`} onClick=${turn(name)}>${name}</a>`)}</nav>
      <div>
        <h1>Contracts of lensbus ${http.info.version}</h1>
        ${http.info.description.split("\n\n").map((part) => html`<p class="about">${prose(part)}</p>`)}
        <input type="search" aria-label="Filter" placeholder="Filter: a path, a word" value=${wish} onInput=${(event) => setWish(event.currentTarget.value)} />
        ${chapters.map((chapter) => html`<section id=${slug(chapter.name)}><h2>${chapter.name}</h2><p class="quiet">${chapter.description}</p>
          ${chapter.all.map((one) => html`<${Operation} key=${one.operation.operationId} document=${http} ...${one} />`)}</section>`)}
        <section id=${slug("event names")}><h2>event names</h2><p class="quiet">What stands behind "event:" on a stream, and what is in its data.</p>
          ${kinds.map((one) => html`<${Kind} document=${bus} message=${one} />`)}</section>
      </div>
    </main>`;
}

function Page() {
  const [documents, setDocuments] = useState(null);
  const [failed, setFailed] = useState("");
  useEffect(() => {
    const read = (path) => fetch(path).then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`${path}: ${answer.status}`))));
    Promise.all([read("/openapi.json"), read("/asyncapi.json")]).then(([http, bus]) => setDocuments({ http, bus }), (error) => setFailed(error.message));
  }, []);
  if (failed) return html`<p class="pad bad">The contracts cannot be read (${failed}). Reload the page.</p>`;
  return documents ? html`<${Docs} ...${documents} />` : html`<p class="quiet pad">Loading the contracts…</p>`;
}

const app = document.getElementById("app");
app.replaceChildren();
render(html`<${Page} />`, app);

// The chat: bubbles, ticks, buttons, lists.

import { formatted, make, hourOf, dayName } from "./words.js";
import { closeSheet, openSheet } from "./sheet.js";

const chat = document.getElementById("chat");
/** Number of an entry → its bubble and what it was drawn from. */
let drawn = new Map();

/** The chat stays at its end while its owner is there, whatever grows or shrinks. */
let stuck = true;
const toEnd = () => { if (stuck) chat.scrollTop = chat.scrollHeight; };
chat.addEventListener("scroll", () => { stuck = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 60; });
chat.addEventListener("load", toEnd, true);
new ResizeObserver(toEnd).observe(chat);

/** Shows a transcript. `act` does what is tapped. */
export function showChat(transcript, today, act) {
  const entries = transcript.messages;
  const chosen = new Set(entries.filter((entry) => entry.from === "patient" && entry.choice).map((entry) => `${entry.context} ${entry.choice}`));
  const texts = new Map(entries.map((entry) => [entry.wamid, entry]));
  const kept = new Map();
  const nodes = [];
  let day = "";
  let author = "";
  for (const entry of entries) {
    const its = entry.time.slice(0, 10);
    if (its !== day) {
      nodes.push(make("div", { class: "day" }, dayName(its, today)));
      author = "";
    }
    day = its;
    const first = entry.from !== author;
    author = entry.from;
    const picks = [...chosen].filter((key) => key.startsWith(`${entry.wamid} `)).join();
    const key = JSON.stringify([entry, first, picks]);
    const old = drawn.get(entry.n);
    const node = old && old.key === key ? old.node : bubble(entry, first, chosen, texts, act);
    // Only what is new may move.
    if (old && old.node !== node) node.style.animation = "none";
    kept.set(entry.n, { key, node });
    nodes.push(node);
  }
  if (entries.length === 0) nodes.push(welcome(act));
  if (transcript.typing) nodes.push(make("div", { class: "typing", "aria-label": "digitando" }, make("i"), make("i"), make("i")));
  const grew = entries.length !== drawn.size;
  drawn = kept;
  const place = chat.scrollTop;
  chat.replaceChildren(...nodes);
  stuck ||= grew;
  chat.scrollTop = stuck ? chat.scrollHeight : place;
}

/** What somebody who sees the page for the first time can do here. */
function welcome(act) {
  return make("div", { class: "empty" },
    make("p", {}, "Este é o celular de um paciente. Daqui se marca, confirma e cancela uma consulta, ou se fala com uma pessoa."),
    make("button", { type: "button", onclick: () => act("say", { text: "oi" }) }, "Dizer “oi”"));
}

/** Another phone: nothing of the old one is kept. */
export function clearChat() {
  drawn = new Map();
  stuck = true;
  chat.replaceChildren();
}

function bubble(entry, first, chosen, texts, act) {
  const box = make("article", { class: `bubble ${entry.from}${first ? " first" : ""}` });
  const inner = make("div", { class: "inner" });
  const quoted = entry.context && texts.get(entry.context);
  if (quoted) inner.append(make("div", { class: "quote" }, clip((quoted.text || quoted.type).replace(/[*_~`]/g, ""))));
  if (entry.media) inner.append(...media(entry.media));
  if (entry.location) inner.append(...place(entry.location));
  if (entry.header) inner.append(make("div", { class: "head" }, entry.header));
  if (entry.text) inner.append(formatted(entry.text));
  if (entry.footer) inner.append(make("div", { class: "foot" }, entry.footer));
  if (!inner.childNodes.length) inner.append(make("div", { class: "words" }, `(${entry.type})`));
  inner.append(make("span", { class: "meta" }, hourOf(entry.time), entry.from === "patient" ? ticks(entry) : ""));
  box.append(inner);
  const choices = actions(entry, chosen, act);
  if (choices.length) box.append(make("div", { class: "choices" }, ...choices));
  if (entry.reaction) box.append(make("span", { class: "reaction" }, entry.reaction));
  return box;
}

function actions(entry, chosen, act) {
  if (entry.from !== "service") return [];
  const list = (entry.buttons || []).map((button) => {
    if (button.url !== undefined) {
      return make("a", { href: button.url || "#", target: "_blank", rel: "noopener noreferrer" }, "↗ ", button.title);
    }
    const done = chosen.has(`${entry.wamid} ${button.id}`);
    return make("button", { type: "button", class: done ? "chosen" : "", onclick: () => act("tap", { id: button.id, context: entry.wamid }) }, done ? "✓ " : "↩ ", button.title);
  });
  if (entry.rows) {
    list.push(make("button", { type: "button", onclick: () => rowsSheet(entry, chosen, act) }, "☰ ", entry.list_button));
  }
  if (entry.type === "location_request_message") {
    list.push(make("button", { type: "button", onclick: () => act("location", { latitude: -23.5614, longitude: -46.6559, place: "Minha localização" }) }, "📍 Enviar localização"));
  }
  if (entry.type === "request_contact_info") {
    list.push(make("button", { type: "button", onclick: () => act("contact", {}) }, "👤 Compartilhar telefone"));
  }
  return list;
}

function rowsSheet(entry, chosen, act) {
  const nodes = [];
  let section;
  for (const row of entry.rows) {
    if (row.section && row.section !== section) nodes.push(make("h3", {}, row.section));
    section = row.section;
    const on = chosen.has(`${entry.wamid} ${row.id}`);
    nodes.push(make("button", { type: "button", class: `row${on ? " on" : ""}`, onclick: () => { closeSheet(); act("tap", { id: row.id, context: entry.wamid }); } },
      make("span", {}, row.title, row.description ? make("small", {}, row.description) : "")));
  }
  openSheet(entry.list_button, nodes);
}

function media(item) {
  const name = item.filename || (item.kind === "document" ? "documento.pdf" : item.kind);
  const caption = item.caption ? [formatted(item.caption)] : [];
  if (item.kind === "image" || item.kind === "sticker") {
    return [make("img", { class: "picture", src: item.url, alt: item.caption || "imagem", loading: "lazy" }), ...caption];
  }
  if (item.kind === "video" || item.kind === "audio") {
    return [make(item.kind, { class: item.kind === "video" ? "picture" : "", src: item.url, controls: true, preload: "none" }), ...caption];
  }
  const kind = (name.split(".").pop() || "doc").slice(0, 4).toUpperCase();
  return [make("a", { class: "document", href: item.url, target: "_blank", rel: "noopener noreferrer" }, make("b", {}, kind), make("span", {}, name)), ...caption];
}

function place(spot) {
  const label = spot.name || `${Number(spot.latitude).toFixed(5)}, ${Number(spot.longitude).toFixed(5)}`;
  return [
    make("div", { class: "map", role: "img", "aria-label": `Mapa: ${label}` }),
    make("div", { class: "place" }, label, spot.address ? make("small", {}, spot.address) : ""),
  ];
}

function ticks(entry) {
  const has = (status) => entry.statuses.some((stamp) => stamp.status === status);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 11");
  svg.setAttribute("class", `ticks${has("read") ? " read" : ""}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", has("read") ? "lida" : has("delivered") ? "entregue" : "enviada");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", has("read") || has("delivered") ? "M1 6l3 3.5 6-8M7.5 9.2l.5.3 6.5-8" : "M4 6l3 3.5 6-8");
  svg.append(path);
  return svg;
}

const clip = (text) => (text.length > 90 ? `${text.slice(0, 88)}…` : text);

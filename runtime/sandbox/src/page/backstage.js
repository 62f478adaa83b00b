// What passes over the network, and the switches that make it go wrong.

import { get, post, remove } from "./control.js";
import { make } from "./words.js";

const NAMES = { rm: "RM", graph: "WhatsApp", webhook: "→ fluxo" };
const BOOKING = { target: "rm", method: "POST", path: "/api/hcg/v2/appointments", times: 1 };
const UNAVAILABLE = { error: { message: "(#2) Service temporarily unavailable", type: "OAuthException", code: 2, fbtrace_id: "A4O5a8RAgePwbcGSu" } };
const SWITCHES = [
  { label: "RM fora do ar", rule: { target: "rm", fault: { status: 503 } } },
  { label: "RM lento (4 s)", rule: { target: "rm", fault: { slow_ms: 4000 } } },
  { label: "Conflito no próximo agendamento", rule: { ...BOOKING, fault: { conflict: "409" } } },
  { label: "Cortar depois de aceitar o agendamento", rule: { ...BOOKING, fault: "cut_after_accepting" } },
  { label: "WhatsApp fora do ar", rule: { target: "graph", fault: { status: 503, body: UNAVAILABLE } } },
  { label: "Cortar o próximo envio, já aceito", rule: { target: "graph", method: "POST", body_has: "type", times: 1, fault: "cut_after_accepting" } },
];
/** Kinds of messages, as people call them. */
const KINDS = { text: "texto", interactive: "escolha", button: "botões", list: "lista", template: "modelo", image: "imagem", audio: "áudio", video: "vídeo", document: "documento", sticker: "figurinha", location: "localização", contacts: "contato", reaction: "reação", unsupported: "tipo não suportado" };
const STATUSES = { sent: "enviada", delivered: "entregue", read: "lida", failed: "não entregue" };
const kindOf = (kind) => KINDS[kind] || kind;
const KEPT = 150;
const log = document.getElementById("log");
const filter = document.getElementById("log-filter");
const open = new Set();

export function startBackstage() {
  filter.addEventListener("change", showLog);
  document.getElementById("switches").replaceChildren(...SWITCHES.map((one, at) =>
    make("button", { type: "button", class: "switch", role: "switch", "aria-checked": "false", "data-at": String(at), onclick: () => flip(one) }, one.label)));
}

async function flip(one) {
  const on = find((await get("faults")).faults, one);
  if (on) await remove(`faults/${on.id}`);
  else await post("faults", one.rule);
  await showSwitches();
}

const find = (faults, one) => faults.find((fault) => fault.target === one.rule.target && JSON.stringify(fault.fault) === JSON.stringify(one.rule.fault));

export async function showSwitches() {
  const { faults } = await get("faults");
  for (const button of document.querySelectorAll(".switch")) {
    button.setAttribute("aria-checked", String(Boolean(find(faults, SWITCHES[Number(button.dataset.at)]))));
  }
}

export async function showLog() {
  const main = filter.value === "main";
  const target = main ? "" : filter.value;
  const { requests } = await get(`requests?last=${main ? KEPT * 4 : KEPT}${target ? `&target=${target}` : ""}`);
  // Three statuses per message would bury everything else.
  const shown = main ? requests.filter((entry) => entry.target !== "webhook" || !isStatus(entry.body)) : requests;
  log.replaceChildren(...(shown.length
    ? shown.slice(-KEPT).reverse().map(line)
    : [make("li", { class: "nothing" }, "Nada ainda. Escreva no celular: cada pedido entre o WhatsApp, o fluxo e o RM aparece aqui. Toque em um para ver o conteúdo.")]));
}

function line(entry) {
  const query = entry.query ? `?${decoded(entry.query.replaceAll("+", " "))}` : "";
  const what = entry.target === "webhook" ? webhookSays(entry.body) : graphSays(entry) || `${entry.method} ${decoded(shortPath(entry.path))}${query}`;
  const code = entry.status ?? (entry.took_ms === null ? "…" : entry.target === "webhook" ? "sem resposta" : "cortado");
  const mood = entry.status === null ? (entry.took_ms === null ? "warn" : "bad") : entry.status < 300 ? "good" : entry.status < 500 ? "warn" : "bad";
  const button = make("button", { type: "button", class: "line", title: entry.path, onclick: () => { open.has(entry.n) ? open.delete(entry.n) : open.add(entry.n); showLog(); } },
    make("time", {}, entry.time.slice(11, 19)),
    make("span", { class: `to ${entry.target}` }, NAMES[entry.target]),
    make("span", { class: "what" }, what),
    make("span", { class: `code ${mood}` }, String(code)),
    make("span", { class: "ms" }, entry.took_ms === null ? "" : `${entry.took_ms} ms`));
  const details = open.has(entry.n)
    ? make("pre", {}, `${entry.method} ${entry.path}${query}\n${entry.fault ? `falha provocada: ${entry.fault}\n` : ""}\n${pretty(entry.body)}\n\n⇒ ${code}\n${pretty(entry.answer)}`)
    : null;
  return make("li", {}, button, details);
}

const pretty = (value) => (value === null ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2));
const shortPath = (path) => path.replace("/api/hcg/", "").replace("/api/connect/", "").replace(/^\/v\d+\.\d+\/\d+\//, "");

/** What a percent-encoded text means, where it means anything. */
function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

/** A message or a read receipt in a few words. */
function graphSays({ target, method, path, body }) {
  if (target !== "graph" || method !== "POST" || !path.endsWith("/messages") || !body) return "";
  if (body.status === "read") return body.typing_indicator ? "lida, digitando…" : "lida";
  const kind = body.type || "text";
  const content = body[kind] || {};
  const text = content.body?.text || content.body || content.name || content.caption || content.filename || "";
  return `${kindOf(kind === "interactive" ? content.type : kind)}${text ? `: ${text}` : ""}`;
}

const isStatus = (body) => Boolean(body?.entry?.[0]?.changes?.[0]?.value?.statuses);

/** A webhook in a few words. */
function webhookSays(body) {
  const value = body?.entry?.[0]?.changes?.[0]?.value;
  const status = value?.statuses?.[0];
  if (status) return `situação: ${STATUSES[status.status] || status.status}${status.errors ? ` ${status.errors[0].code}` : ""}`;
  const message = value?.messages?.[0];
  if (!message) return "webhook";
  const more = value.messages.length > 1 ? ` (+${value.messages.length - 1})` : "";
  const reply = message.interactive?.button_reply || message.interactive?.list_reply;
  const text = message.text?.body || message.button?.text || reply?.title || message[message.type]?.caption || "";
  return `${message.type === "button" ? "escolha" : kindOf(message.type)}${text ? `: ${text}` : ""}${more}`;
}

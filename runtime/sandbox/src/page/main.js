// Puts the page together: one person's phone, the agenda, the backstage, all live.

import { agendaOf, showAgenda, startAgenda } from "./agenda.js";
import { showLog, showSwitches, startBackstage } from "./backstage.js";
import { clearChat, showChat } from "./chat.js";
import { calmly, get, post, remove, tell } from "./control.js";
import { choosePerson, chosenPerson, loadPeople, markSeen, showPerson } from "./people.js";
import { closeSheet, openSheet } from "./sheet.js";
import { addDays, make } from "./words.js";

const by = (id) => document.getElementById(id);
let state = {};
let person = null;
let account = null;
/** The day of the person's next appointment, or null. */
let next = null;
let typingEnds = 0;

const refreshChat = calmly(async () => {
  const transcript = await get(`phones/${person.phone}/transcript`);
  account = transcript.phone;
  if (account) markSeen(account, transcript.messages.length);
  by("presence").textContent = transcript.typing ? "digitando…" : transcript.window_open ? "online" : "conta comercial";
  showChat(transcript, state.today, act);
  clearTimeout(typingEnds);
  if (transcript.typing) typingEnds = setTimeout(refreshChat, 3000);
}, 30);
const refreshAgenda = calmly(showAgenda);
const refreshLog = calmly(showLog, 150);
const refreshSwitches = calmly(showSwitches);
const refreshHealth = calmly(async () => {
  state = await get("state");
  showDesk();
  const waiting = state.webhooks_pending;
  const health = by("health");
  const stuck = waiting > 0 && state.service_reachable === false;
  health.className = `health ${stuck ? "bad" : state.service_reachable ? "good" : ""}`;
  health.textContent = stuck
    ? `O serviço não responde: ${waiting} ${waiting === 1 ? "mensagem espera" : "mensagens esperam"} por ele`
    : state.service_reachable ? "Serviço no ar" : "";
  // Before the first message nobody knows, and nothing need be said.
  health.hidden = !health.textContent;
}, 200);

/** Something that the phone's owner does. */
async function act(what, body) {
  try {
    if (what === "contact") {
      const phone = { phone: `+${person.phone}`, wa_id: person.phone, type: "CELL" };
      await post(`phones/${person.phone}/message`, { message: { type: "contacts", contacts: [{ name: { formatted_name: person.name, first_name: person.name }, phones: [phone], origin: "contact_request" }] } });
    } else {
      await post(`phones/${person.phone}/${what}`, { wait: false, ...body, ...(person.cpf ? {} : { name: person.name }) });
    }
  } catch (error) {
    tell(`Não foi possível enviar: ${error.message}`);
    if (what === "say" && !by("text").value) by("text").value = body.text;
  }
  refreshChat();
}

function pick(someone) {
  person = someone;
  clearChat();
  showPerson(person, (text) => { by("text").value = text; grow(); by("text").focus(); });
  refreshChat();
  agendaOf(person).catch(console.warn);
}

function grow() {
  const text = by("text");
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 110)}px`;
}

function send(event) {
  event.preventDefault();
  const text = by("text").value.trim();
  if (!text) return;
  by("text").value = "";
  grow();
  act("say", { text });
}

const base64 = (bytes) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));

async function examplePicture() {
  const canvas = make("canvas", { width: "640", height: "420" });
  const paint = canvas.getContext("2d");
  paint.fillStyle = "#f5efe0";
  paint.fillRect(0, 0, 640, 420);
  paint.fillStyle = "#008069";
  paint.fillRect(0, 0, 640, 78);
  paint.fillStyle = "#fff";
  paint.font = "600 30px sans-serif";
  paint.fillText("Carteirinha do convênio", 30, 50);
  paint.fillStyle = "#3a4642";
  paint.font = "26px sans-serif";
  [person.name, "Plano Clássico", "0000 0480 1700 0001", "Validade 12/2028"].forEach((line, at) => paint.fillText(line, 30, 150 + at * 62));
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  return base64(await blob.arrayBuffer());
}

const examplePdf = () => base64(new TextEncoder().encode("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"));

function attach() {
  const row = (sign, title, small, work) => make("button", { type: "button", class: "row plain", onclick: () => { closeSheet(); work(); } }, make("em", {}, sign), make("span", {}, title, make("small", {}, small)));
  openSheet("Enviar", [
    row("🪪", "Foto de exemplo", "uma carteirinha de convênio", async () => act("media", { kind: "image", mime_type: "image/png", base64: await examplePicture() })),
    row("📄", "Documento de exemplo", "pedido-medico.pdf", () => act("media", { kind: "document", mime_type: "application/pdf", filename: "pedido-medico.pdf", base64: examplePdf() })),
    row("📍", "Localização", "Avenida Paulista, São Paulo", () => act("location", { latitude: -23.5614, longitude: -46.6559, place: "Avenida Paulista", address: "Bela Vista, São Paulo" })),
    row("📁", "Arquivo do computador", "imagem, áudio, vídeo ou documento", () => by("file").click()),
  ]);
}

async function sendFile() {
  const file = by("file").files[0];
  by("file").value = "";
  if (!file) return;
  const family = file.type.split("/")[0];
  const kind = ["image", "audio", "video"].includes(family) ? family : "document";
  act("media", { kind, mime_type: file.type || "application/octet-stream", filename: file.name, base64: base64(await file.arrayBuffer()) });
}

async function askConfirmation() {
  by("confirm").disabled = true;
  try {
    const { status, answer } = await post("confirmation", { phone: person.phone, name: person.name, data: next });
    tell(status < 300 ? "Pedido feito ao serviço: o lembrete chega em instantes." : `O serviço respondeu ${status}: ${answer?.error?.message || answer?.error || answer?.message || "sem explicação"}`);
  } catch (error) {
    tell(`Não foi possível pedir o lembrete: ${error.message}`);
  }
  by("confirm").disabled = !next;
}

/** The reminder is about an appointment that there is. */
function offerReminder(day) {
  next = day;
  by("confirm").disabled = !next;
  by("confirm").textContent = !next ? "Sem consulta marcada para lembrar"
    : next === addDays(state.today, 1) ? "Receber o lembrete de amanhã" : `Receber o lembrete de ${next.slice(8)}/${next.slice(5, 7)}`;
}

function view(name) {
  document.body.dataset.view = name;
  document.querySelectorAll(".views button").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.view === name)));
  if (name === "backstage" || name === "desk") tab(name);
}

function tab(name) {
  document.querySelectorAll(".tabs button").forEach((button) => button.setAttribute("aria-selected", String(button.dataset.tab === name)));
  document.querySelectorAll(".tab").forEach((panel) => { panel.hidden = panel.dataset.tab !== name; });
  showDesk();
}

/** The attendants' page, once it is looked at; its address changes when the service starts anew. */
function showDesk() {
  document.querySelectorAll('button[data-tab="desk"], .views [data-view="desk"]').forEach((button) => { button.hidden = !state.desk_url; });
  const desk = by("desk");
  const looked = desk.dataset.at || desk.checkVisibility?.();
  if (state.desk_url && looked && desk.dataset.at !== state.desk_url) {
    desk.dataset.at = state.desk_url;
    desk.src = state.desk_url;
  }
}

function everything() {
  refreshChat();
  refreshAgenda();
  refreshLog();
  refreshSwitches();
  refreshHealth();
}

function listen() {
  const events = new EventSource("/control/events");
  let lost = false;
  events.onopen = () => { if (lost) everything(); lost = false; };
  events.onerror = () => {
    lost = true;
    by("health").hidden = false;
    by("health").className = "health bad";
    by("health").textContent = "O simulador parou. Suba-o de novo: a página se reconecta sozinha";
  };
  events.onmessage = ({ data }) => {
    const change = JSON.parse(data);
    if (change.kind === "chat" && (!account || change.phone === account)) refreshChat();
    else if (change.kind === "agenda" || change.kind === "patient") refreshAgenda();
    else if (change.kind === "request") { refreshLog(); refreshHealth(); }
    else if (change.kind === "controls") refreshSwitches();
    else if (change.kind === "reset") everything();
  };
}

async function start() {
  state = await get("state");
  by("hospital").textContent = state.hospital;
  by("wa-name").textContent = state.hospital;
  document.title = `${state.hospital} · demonstração`;
  showDesk();
  by("confirm").hidden = !state.can_confirm;
  await loadPeople();
  startAgenda(state.today, offerReminder);
  startBackstage();
  pick(chosenPerson());
  by("person").addEventListener("click", () => choosePerson(pick));
  by("composer").addEventListener("submit", send);
  by("text").addEventListener("input", grow);
  by("text").addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event); });
  by("attach").addEventListener("click", attach);
  by("file").addEventListener("change", sendFile);
  by("confirm").addEventListener("click", askConfirmation);
  by("wipe").addEventListener("click", () => remove(`phones/${person.phone}/transcript`).then(refreshChat, (error) => tell(`Não foi possível limpar: ${error.message}`)));
  by("reset").addEventListener("click", async () => {
    if (!confirm("Apagar as mensagens dos celulares, os agendamentos feitos e os problemas provocados?\n\nAs conversas abertas no fluxo ficam onde estão; para começar tudo de novo, suba a demonstração com --fresh.")) return;
    await post("reset").catch((error) => tell(`Não foi possível: ${error.message}`));
  });
  document.querySelectorAll(".views button").forEach((button) => button.addEventListener("click", () => view(button.dataset.view)));
  document.querySelectorAll(".tabs button").forEach((button) => button.addEventListener("click", () => tab(button.dataset.tab)));
  listen();
  everything();
}

start();

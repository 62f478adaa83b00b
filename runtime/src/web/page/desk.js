"use strict";
// The attendants' page. Everything shown is set as text, never as HTML: it was written by strangers.

const $ = (id) => document.getElementById(id);
const EVERY = 2000;
const MEDIA = { image: "Foto", audio: "Áudio", video: "Vídeo", document: "Documento", sticker: "Figurinha" };
const STATES = { accepted: "enviando", sent: "enviada", delivered: "entregue", read: "lida", played: "ouvida", failed: "não entregue" };
const ORDER = ["accepted", "sent", "delivered", "read", "played"];
const PROBLEMS = {
  not_found: "Esta conversa não existe mais.",
  not_with_people: "O fluxo já está com esta conversa.",
  not_taken: "Assuma a conversa antes.",
  taken: "Outra pessoa já assumiu esta conversa.",
  window_closed: "Passaram 24 horas desde a última mensagem da pessoa: o WhatsApp só aceita um modelo aprovado.",
  store_down: "O serviço não conseguiu gravar. Tente de novo.",
  busy: "A conversa mudou ao mesmo tempo. Tente de novo.",
};

let me = null;
let list = [];
let open = null;      // id of the conversation shown
let after = 0;        // last line shown
let states = {};      // how each message sent fares
let generation = 0;   // answers for a conversation left meanwhile are thrown away
let timer = null;

async function ask(method, path, body, headers = {}) {
  const options = { method, headers: { ...headers }, credentials: "same-origin" };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options);
  if (response.status === 401 && path !== "/desk/login") {
    showLogin();
  }
  const text = await response.text();
  const answer = text ? JSON.parse(text) : null;
  if (!response.ok) {
    const error = new Error(answer?.error?.message ?? `HTTP ${response.status}`);
    error.code = answer?.error?.code;
    error.status = response.status;
    throw error;
  }
  return answer;
}

function words(error) {
  if (error.status === undefined) return "Sem conexão com o serviço.";
  return PROBLEMS[error.code] ?? "Não foi possível. Tente de novo.";
}

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function clock(at) {
  const date = new Date(at);
  // The hospital's time, wherever the browser stands.
  const timeZone = me?.time_zone;
  const day = (which) => which.toLocaleDateString("pt-BR", { day: "2-digit", month: "2-digit", timeZone });
  const time = date.toLocaleTimeString("pt-BR", { hour: "2-digit", minute: "2-digit", timeZone });
  return day(date) === day(new Date()) ? time : `${day(date)} ${time}`;
}

function since(at) {
  const minutes = Math.max(0, Math.floor((Date.now() - new Date(at)) / 60000));
  if (minutes < 1) return "agora";
  if (minutes < 60) return `há ${minutes} min`;
  return minutes < 1440 ? `há ${Math.floor(minutes / 60)} h` : `há ${Math.floor(minutes / 1440)} d`;
}

function phone(number) {
  const found = /^\+?55(\d{2})(\d{4,5})(\d{4})$/.exec(number ?? "");
  return found ? `(${found[1]}) ${found[2]}-${found[3]}` : number;
}

function title(conversation) {
  return conversation.name ?? phone(conversation.phone) ?? "Sem nome";
}

// ---- login ----

function showLogin() {
  clearTimeout(timer);
  me = null;
  $("desk").hidden = true;
  $("login").hidden = false;
  $("login-name").focus();
}

$("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("login-problem").textContent = "";
  try {
    await ask("POST", "/desk/login", { name: $("login-name").value, token: $("login-token").value });
    $("login-token").value = "";
    await begin();
  } catch (error) {
    $("login-problem").textContent = error.status === 401 ? "A chave não confere." : words(error);
  }
});

$("logout").addEventListener("click", async () => {
  await ask("POST", "/desk/logout").catch(() => {});
  showLogin();
});

async function begin() {
  me = await ask("GET", "/api/desk/me");
  $("project").textContent = me.project;
  $("attendant").textContent = me.attendant;
  document.title = `Atendimento · ${me.project}`;
  $("login").hidden = true;
  $("desk").hidden = false;
  // A reload, or a link, goes on with the conversation it names.
  if (open === null && location.hash.length > 1) open = decodeURIComponent(location.hash.slice(1));
  refresh();
}

// ---- the list ----

async function refresh() {
  clearTimeout(timer);
  try {
    list = (await ask("GET", "/api/desk/conversations")).conversations;
    $("connection").textContent = "";
    drawList();
    await drawOpen();
    if (!$("notices").hidden) await drawNotices();
  } catch (error) {
    if (error.status === 401) return;
    $("connection").textContent = words(error);
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, EVERY);
}

function drawList() {
  const waiting = list.filter((one) => one.mode === "queued");
  const taken = list.filter((one) => one.mode === "people");
  fill($("waiting"), waiting);
  fill($("taken"), taken);
  $("waiting-count").textContent = waiting.length;
  $("taken-count").textContent = taken.length;
  $("empty").hidden = list.length > 0;
}

function fill(target, conversations) {
  const focused = document.activeElement?.dataset?.id;
  target.replaceChildren(...conversations.map((one) => {
    const item = make("li");
    const button = make("button");
    button.dataset.id = one.id;
    button.setAttribute("aria-current", String(one.id === open));
    button.append(make("strong", title(one)));
    const who = one.attendant ? `${one.queue_title} · ${one.attendant}` : one.queue_title;
    button.append(make("span", `${who} · ${since(one.since)}`));
    if (one.summary) button.append(make("span", one.summary));
    button.addEventListener("click", () => choose(one.id));
    item.append(button);
    return item;
  }));
  if (focused) target.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
}

function choose(id) {
  open = id;
  after = 0;
  states = {};
  generation += 1;
  stuck = true;
  history.replaceState(null, "", `#${encodeURIComponent(id)}`);
  $("lines").replaceChildren();
  $("problem").textContent = "";
  $("text").value = "";
  drawList();
  drawOpen().catch((error) => { $("problem").textContent = words(error); });
}

// ---- one conversation ----

async function drawOpen() {
  $("choose").hidden = open !== null;
  $("open").hidden = open === null;
  if (open === null) return;
  const conversation = list.find((one) => one.id === open);
  const mine = conversation?.mode === "people" && conversation.attendant === me.attendant;
  $("take").hidden = conversation?.mode !== "queued";
  $("return").hidden = $("finish").hidden = !mine;
  $("reply").hidden = !mine;
  if (conversation) {
    $("name").textContent = title(conversation);
    const parts = [conversation.name ? phone(conversation.phone) : null, conversation.queue_title, ...conversation.tags ?? []];
    if (conversation.attendant && !mine) parts.push(`com ${conversation.attendant}`);
    $("details").textContent = parts.filter(Boolean).join(" · ");
    $("summary").textContent = conversation.summary ?? "";
    $("text").disabled = !conversation.window_open;
    $("text").title = conversation.window_open ? "" : PROBLEMS.window_closed;
  } else {
    $("details").textContent = "Com o fluxo";
  }
  const asked = generation;
  const lines = (await ask("GET", `/api/desk/conversations/${encodeURIComponent(open)}/lines?after=${after}`)).lines;
  if (asked !== generation || lines.length === 0) return;
  const box = $("lines");
  for (const line of lines) {
    if (line.n <= after) continue;
    after = line.n;
    drawLine(box, line);
  }
  toEnd();
}

// The transcript stays at its end while its reader is there, whatever grows or shrinks around it.
let stuck = true;
function toEnd() { if (stuck) $("lines").scrollTop = $("lines").scrollHeight; }
$("lines").addEventListener("scroll", () => { stuck = $("lines").scrollHeight - $("lines").scrollTop - $("lines").clientHeight < 60; });
new ResizeObserver(toEnd).observe($("lines"));

function drawLine(box, line) {
  if (line.kind === "state") {
    const best = states[line.effect];
    const better = line.state === "failed" ? !best || ORDER.indexOf(best) < 1 : ORDER.indexOf(line.state) > ORDER.indexOf(best);
    if (best === undefined || better) states[line.effect] = line.state;
    const mark = box.querySelector(`[data-effect="${CSS.escape(line.effect)}"] .state`);
    if (mark) mark.textContent = ` · ${STATES[states[line.effect]]}`;
    return;
  }
  const item = make("li");
  if (line.kind === "note") {
    item.className = "note";
    item.textContent = `${clock(line.at)} · ${line.text}`;
    box.append(item);
    return;
  }
  item.className = `bubble ${line.by}`;
  if (line.kind === "received") drawContent(item, line.content);
  else drawMessage(item, line.message);
  const foot = make("small", [line.by === "bot" ? "fluxo" : line.attendant, clock(line.at)].filter(Boolean).join(" · "));
  if (line.kind === "said") {
    item.dataset.effect = line.effect;
    const state = states[line.effect];
    foot.append(make("span", state ? ` · ${STATES[state]}` : "", "state"));
  }
  item.append(foot);
  box.append(item);
}

function drawContent(item, content) {
  const texts = {
    text: () => content.text,
    tap: () => `▸ ${content.title}`,
    template_tap: () => `▸ ${content.title}`,
    media: () => [`[${MEDIA[content.media] ?? "Arquivo"}]`, content.filename, content.caption].filter(Boolean).join("\n"),
    location: () => ["[Localização]", content.name, content.address, `${content.latitude}, ${content.longitude}`].filter(Boolean).join("\n"),
    contacts: () => ["[Contato]", ...content.people.map((one) => [one.name, ...one.phones].join(" "))].join("\n"),
    reaction: () => (content.emoji ? `Reagiu com ${content.emoji}` : "Retirou a reação"),
  };
  item.append(make("span", (texts[content.kind] ?? (() => "[Mensagem de um tipo que não sabemos mostrar]"))()));
}

function drawMessage(item, message) {
  const parts = [];
  if (message.kind === "media") parts.push(`[${MEDIA[message.media] ?? "Arquivo"}]`, message.caption);
  else if (message.kind === "template") {
    const values = Array.isArray(message.body) ? message.body : Object.values(message.body ?? {});
    parts.push(`[Modelo ${message.name}]`, values.join(" · "));
  } else if (message.kind === "location") parts.push("[Localização]", message.place?.name, message.place?.address);
  else parts.push(message.text);
  item.append(make("span", parts.filter(Boolean).join("\n")));
  const options = [...message.kind === "buttons" ? message.buttons : [], ...message.kind === "list" ? message.rows : []].map((one) => one.title);
  if (message.kind === "link") options.push(message.title);
  if (options.length) {
    const row = make("span", undefined, "options");
    row.append(...options.map((text) => make("span", text)));
    item.append(row);
  }
}

async function act(path, body, headers) {
  $("problem").textContent = "";
  try {
    await ask("POST", `/api/desk/conversations/${encodeURIComponent(open)}/${path}`, body, headers);
    await refresh();
    return true;
  } catch (error) {
    $("problem").textContent = words(error);
    return false;
  }
}

$("take").addEventListener("click", () => act("take", {}).then((done) => done && $("text").focus()));

// The key stays with the text until it was said, so that a second try after a lost answer says it once.
let pending = null;
$("reply").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || $("text").disabled) return;
  if (pending?.text !== text || pending?.open !== open) pending = { text, open, key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` };
  $("text").value = "";
  const sent = pending;
  stuck = true;
  if (await act("reply", { text }, { "idempotency-key": sent.key })) pending = null;
  else if (open === sent.open && !$("text").value) $("text").value = text;
});

$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("reply").requestSubmit();
  }
});

function leave(path, heading, yes) {
  $("leave-title").textContent = heading;
  $("leave-yes").textContent = yes;
  $("leave-note").value = "";
  $("leave").returnValue = "";
  $("leave").onclose = () => {
    if ($("leave").returnValue !== "yes") return;
    const note = $("leave-note").value.trim();
    act(path, note ? { note } : {});
  };
  $("leave").showModal();
}

$("return").addEventListener("click", () => leave("return", "Devolver a conversa ao fluxo?", "Devolver"));
$("finish").addEventListener("click", () => leave("finish", "Encerrar a conversa?", "Encerrar"));

// ---- notices ----

async function drawNotices() {
  const notices = (await ask("GET", "/api/desk/notices")).notices;
  $("notice-list").replaceChildren(...notices.map((one) => {
    const item = make("li");
    item.append(make("span", one.text), make("br"), make("small", [clock(one.at), one.queue_title].filter(Boolean).join(" · "), "quiet"));
    return item;
  }));
  if (notices.length === 0) $("notice-list").append(make("li", "Nenhum aviso."));
}

$("show-notices").addEventListener("click", () => {
  const shown = $("notices").hidden;
  $("notices").hidden = !shown;
  document.querySelector("main").classList.toggle("with-notices", shown);
  $("show-notices").setAttribute("aria-expanded", String(shown));
  if (shown) drawNotices().catch((error) => { $("connection").textContent = words(error); });
});

begin().catch((error) => {
  if (error.status === 401) return;
  showLogin();
  $("login-problem").textContent = words(error);
});

// The agenda of the simulated RM: what the patient has, and the whole day.

import { get } from "./control.js";
import { addDays, dayName, make } from "./words.js";

const STATES = { scheduled: "Agendada", confirmed: "Confirmada", cancelled: "Cancelada", no_show: "Faltou" };
let day = "";
let today = "";
let person = null;
/** Appointment → its last known form, to see what changes. */
let known = new Map();
let flashing = new Set();

export function startAgenda(first) {
  today = first;
  day = addDays(first, 1);
  document.getElementById("before").addEventListener("click", () => move(-1));
  document.getElementById("after").addEventListener("click", () => move(1));
}

function move(days) {
  day = addDays(day, days);
  known = new Map();
  showAgenda();
}

export function agendaOf(someone) {
  person = someone;
  known = new Map();
  return showAgenda();
}

/** Looks again; with the day of a change, goes there if it is the patient's. */
export async function showAgenda() {
  const who = person.cpf ? `cpf=${person.cpf}` : `phone=${person.phone}`;
  const [mine, all] = await Promise.all([get(`rm/appointments?${who}`), get(`rm/appointments?date=${day}`)]);
  const first = known.size === 0;
  const now = new Map([...all.appointments, ...mine.appointments].map((one) => [one.id, `${one.state} ${one.date} ${one.time}`]));
  flashing = new Set(first ? [] : [...now.keys()].filter((id) => known.get(id) !== now.get(id)));
  known = now;
  showMine(mine.appointments.filter((one) => one.date >= today));
  showDay(all.appointments, new Set(mine.appointments.map((one) => one.id)));
}

function showMine(list) {
  const cards = list.map((one) =>
    make("div", { class: `card${flashing.has(one.id) ? " flash" : ""}` },
      make("div", { class: "when" }, make("b", {}, one.time), make("small", {}, `${one.date.slice(8)}/${one.date.slice(5, 7)}`)),
      make("strong", {}, one.doctor),
      make("small", {}, `${one.specialty} · ${one.unit}`),
      make("span", { class: `chip ${one.state}` }, STATES[one.state])));
  document.getElementById("mine").replaceChildren(...(cards.length ? cards : [make("p", { class: "none" }, "Nenhuma consulta marcada.")]));
}

function showDay(list, mine) {
  document.getElementById("day").textContent = dayName(day, today);
  const count = (state) => list.filter((one) => one.state === state).length;
  document.getElementById("day-sum").textContent = list.length
    ? `${list.length} consultas · ${count("confirmed")} confirmadas · ${count("scheduled")} por confirmar${count("cancelled") ? ` · ${count("cancelled")} ${count("cancelled") === 1 ? "cancelada" : "canceladas"}` : ""}`
    : "Nenhuma consulta neste dia.";
  const box = document.getElementById("day-list");
  const place = box.scrollTop;
  box.replaceChildren(...list.map((one) =>
    make("div", { class: `slot ${one.state}${mine.has(one.id) ? " mine" : ""}${flashing.has(one.id) ? " flash" : ""}`, title: `${one.specialty}, ${one.unit}` },
      make("time", {}, one.time),
      make("span", { class: "who" }, one.name),
      make("span", { class: "doc" }, one.doctor),
      make("i", { class: one.state, title: STATES[one.state] }))));
  box.scrollTop = place;
  const changed = box.querySelector(".flash");
  if (changed) box.scrollTop = changed.offsetTop - box.offsetTop - box.clientHeight / 2;
}

// The agenda of the simulated RM: what the patient has, and the whole day.

import { get } from "./control.js";
import { addDays, dayName, make } from "./words.js";

const STATES = { scheduled: "Agendada", confirmed: "Confirmada", cancelled: "Cancelada", no_show: "Faltou" };
let day = "";
let today = "";
let person = null;
/** Told the day of the patient's next appointment, or null. */
let tellNext = () => {};
/** Appointment → its last known form, to see what changes. */
let known = new Map();
let flashing = new Set();

export function startAgenda(first, onNext) {
  today = first;
  tellNext = onNext;
  day = addDays(first, 1);
  document.getElementById("before").addEventListener("click", () => move(-1));
  document.getElementById("after").addEventListener("click", () => move(1));
}

const move = (days) => goTo(addDays(day, days));

function goTo(another) {
  day = another;
  known = new Map();
  showAgenda().catch(console.warn);
}

export function agendaOf(someone) {
  person = someone;
  day = addDays(today, 1);
  known = new Map();
  return showAgenda();
}

/** Looks again; goes to the day of a change, if it is the patient's. */
export async function showAgenda() {
  const who = person.cpf ? `cpf=${person.cpf}` : `phone=${person.phone}`;
  const [mine, all] = await Promise.all([get(`rm/appointments?${who}`), get(`rm/appointments?date=${day}`)]);
  const first = known.size === 0;
  const now = new Map([...all.appointments, ...mine.appointments].map((one) => [one.id, `${one.state} ${one.date} ${one.time}`]));
  flashing = new Set(first ? [] : [...now.keys()].filter((id) => known.get(id) !== now.get(id)));
  known = now;
  const changed = mine.appointments.find((one) => flashing.has(one.id) && one.date !== day);
  if (changed) {
    day = changed.date;
    const { appointments } = await get(`rm/appointments?date=${day}`);
    all.appointments = appointments;
    for (const one of appointments) known.set(one.id, `${one.state} ${one.date} ${one.time}`);
  }
  tellNext(mine.appointments.filter((one) => one.date > today && ["scheduled", "confirmed"].includes(one.state)).map((one) => one.date).sort()[0] || null);
  showMine(mine.appointments.filter((one) => one.date >= today));
  showDay(all.appointments, new Set(mine.appointments.map((one) => one.id)));
}

function showMine(list) {
  const cards = list.map((one) =>
    make("button", { type: "button", class: `card${flashing.has(one.id) ? " flash" : ""}`, title: "Ver este dia na agenda", onclick: () => goTo(one.date) },
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
    ? `${list.length} ${list.length === 1 ? "consulta" : "consultas"} · ${count("confirmed")} ${count("confirmed") === 1 ? "confirmada" : "confirmadas"} · ${count("scheduled")} por confirmar${count("cancelled") ? ` · ${count("cancelled")} ${count("cancelled") === 1 ? "cancelada" : "canceladas"}` : ""}`
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

// Whose phone it is, and what a tester needs to know about them.

import { get } from "./control.js";
import { closeSheet, openSheet } from "./sheet.js";
import { cpfOf, dateOf, initials, make, phoneOf } from "./words.js";

let people = [];
let accounts = [];
/** Account → how many messages were seen. */
const seen = JSON.parse(localStorage.getItem("seen") || "{}");

export async function loadPeople() {
  ({ people, accounts } = await get("phones"));
}

/** The person of a choice kept in the browser, or the first one. */
export function chosenPerson() {
  const kept = localStorage.getItem("person");
  return find(kept) || people[0];
}

function find(key) {
  const known = people.find((person) => keyOf(person) === key);
  if (known) return known;
  const account = accounts.find((one) => one.wa_id === key);
  return account ? { phone: account.wa_id, name: account.name || "Rui Prado" } : key && /^\d{10,15}$/.test(key) ? { phone: key, name: "Rui Prado" } : null;
}

/** One phone can serve two people, so the CPF is part of the key. */
const keyOf = (person) => (person.cpf ? `${person.phone}/${person.cpf}` : person.phone);

export function markSeen(waId, count) {
  seen[waId] = count;
  localStorage.setItem("seen", JSON.stringify(seen));
}

export function showPerson(person, insert) {
  localStorage.setItem("person", keyOf(person));
  const avatar = document.getElementById("person-avatar");
  avatar.textContent = initials(person.name);
  avatar.className = `avatar c${colour(person)}`;
  document.getElementById("person-name").textContent = person.name;
  document.getElementById("person-phone").textContent = phoneOf(person.phone) + (person.story ? ` · ${person.story}` : "");
  document.getElementById("mine-of").textContent = person.cpf ? `de ${person.name.split(" ")[0]}` : "deste número";
  const chips = person.cpf
    ? [[cpfOf(person.cpf), "CPF"], [dateOf(person.birth), "nascimento"], ["0000 0480 1700 0001", "carteirinha do convênio"], [person.name, "nome"]]
    : [["390.533.447-05", "CPF"], ["01/05/1990", "nascimento"], ["Rui Prado", "nome"]];
  document.getElementById("hints").replaceChildren(
    make("b", {}, "para testar"),
    ...chips.map(([chip, what]) => make("button", { type: "button", title: `Escrever isto: ${what}`, onclick: () => insert(chip) }, chip)),
  );
}

const colour = (person) => [...keyOf(person)].reduce((sum, c) => sum + c.charCodeAt(0), 0) % 6;

export async function choosePerson(choose) {
  await loadPeople();
  const row = (person, small) => {
    const account = accounts.find((one) => sameNumber(one.wa_id, person.phone));
    const fresh = account ? Math.max(0, account.messages - (seen[account.wa_id] || 0)) : 0;
    return make("button", { type: "button", class: "row plain", onclick: () => { closeSheet(); choose(person); } },
      make("div", { class: `avatar c${colour(person)}` }, initials(person.name)),
      make("span", {}, person.name, make("small", {}, small)),
      fresh > 0 ? make("div", { class: "badge" }, String(fresh)) : "");
  };
  const others = accounts.filter((account) => !people.some((person) => sameNumber(account.wa_id, person.phone)));
  const form = make("form", { class: "new-number", onsubmit: (event) => {
    event.preventDefault();
    const typed = new FormData(event.target).get("phone").replace(/\D/g, "");
    const digits = typed.length === 10 || typed.length === 11 ? `55${typed}` : typed;
    if (digits.length < 12) return;
    closeSheet();
    choose({ phone: digits, name: "Rui Prado", story: "número novo, não é paciente" });
  } }, make("input", { name: "phone", inputmode: "tel", placeholder: "(11) 9xxxx-xxxx", value: someNumber(), "aria-label": "Número novo" }), make("button", { type: "submit" }, "Usar"));
  openSheet("De quem é o celular?", [
    make("h3", {}, "Pacientes cadastrados"),
    ...people.map((person) => row(person, person.story)),
    ...(others.length ? [make("h3", {}, "Outros números")] : []),
    ...others.map((account) => row({ phone: account.wa_id, name: account.name || phoneOf(account.wa_id) }, account.last || phoneOf(account.wa_id))),
    make("h3", {}, "Número novo, de quem não é paciente"),
    form,
  ]);
}

/** Two ways of writing one number: with and without the ninth digit. */
function sameNumber(a, b) {
  const old = (digits) => (digits.length === 13 ? digits.slice(0, 4) + digits.slice(5) : digits);
  return old(a) === old(b);
}

const someNumber = () => `(11) 9${6 + Math.floor(Math.random() * 4)}${String(Math.floor(Math.random() * 1000)).padStart(3, "0")}-${String(Math.floor(Math.random() * 10000)).padStart(4, "0")}`;

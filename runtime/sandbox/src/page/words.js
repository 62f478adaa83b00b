// Text as WhatsApp shows it, and small things of Portuguese.

const MARKS = [
  [/```([\s\S]+?)```/, "code"],
  [/`([^`\n]+)`/, "code"],
  [/(?<![\p{L}\d*])\*(?=\S)([^*\n]*\S)\*(?![\p{L}\d*])/u, "strong"],
  [/(?<![\p{L}\d_])_(?=\S)([^_\n]*\S)_(?![\p{L}\d_])/u, "em"],
  [/(?<![\p{L}\d~])~(?=\S)([^~\n]*\S)~(?![\p{L}\d~])/u, "s"],
  [/(https?:\/\/[^\s]+[^\s.,;:!?)])/, "a"],
];

/** An element with classes, attributes and children. */
export function make(tag, members = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** The nodes of a formatted text. Nothing of it is ever read as HTML. */
export function formatted(text) {
  const box = make("div", { class: "words" });
  let plain = [];
  const flush = () => {
    if (plain.length) box.append(...spans(plain.join("\n")));
    plain = [];
  };
  for (const line of text.split("\n")) {
    if (line.startsWith("> ")) {
      flush();
      box.append(make("blockquote", {}, ...spans(line.slice(2))));
    } else {
      plain.push(line.replace(/^[-*] (?=\S)/, "• "));
    }
  }
  flush();
  return box;
}

function spans(text) {
  let first = null;
  for (const [pattern, tag] of MARKS) {
    const found = pattern.exec(text);
    if (found && (!first || found.index < first.found.index)) first = { found, tag };
  }
  if (!first) return text ? [text] : [];
  const { found, tag } = first;
  const inside = tag === "code" || tag === "a" ? [found[1]] : spans(found[1]);
  const link = tag === "a" ? { href: found[1], target: "_blank", rel: "noopener noreferrer" } : {};
  return [
    ...spans(text.slice(0, found.index)),
    make(tag, link, ...inside),
    ...spans(text.slice(found.index + found[0].length)),
  ];
}

export const initials = (name) =>
  (name || "?").split(" ").filter((word) => /^\p{Lu}/u.test(word)).map((word) => word[0]).filter((_, at, all) => at === 0 || at === all.length - 1).join("") || "?";

export const cpfOf = (digits) => digits.replace(/(\d{3})(\d{3})(\d{3})(\d{2})/, "$1.$2.$3-$4");
export const dateOf = (iso) => iso.slice(0, 10).split("-").reverse().join("/");
export const hourOf = (stamp) => stamp.slice(11, 16);

export function phoneOf(digits) {
  const found = /^55(\d{2})(\d{4,5})(\d{4})$/.exec(digits);
  return found ? `+55 ${found[1]} ${found[2]}-${found[3]}` : `+${digits}`;
}

/** "hoje", "ontem", or the day. */
export function dayName(iso, today) {
  const days = Math.round((Date.parse(`${iso}T12:00:00Z`) - Date.parse(`${today}T12:00:00Z`)) / 86400000);
  const known = { "-1": "Ontem", 0: "Hoje", 1: "Amanhã" }[days];
  const day = new Date(`${iso}T12:00:00Z`).toLocaleDateString("pt-BR", { weekday: "short", day: "2-digit", month: "short", timeZone: "UTC" });
  return known ? `${known}, ${day.replace(/^[^,]+, /, "")}` : day;
}

export function addDays(iso, days) {
  return new Date(Date.parse(`${iso}T12:00:00Z`) + days * 86400000).toISOString().slice(0, 10);
}

// The page: shows the conversation, and passes on what the reader does.

import { Conversation } from "./conversation.js";
import { TRANSPORTS } from "./transports.js";

const $ = (id) => document.getElementById(id);
const [log, lines, members, text] = ["log", "lines", "members", "text"].map($);

/** What a tab remembers, so that a reload continues the conversation. */
const memory = sessionStorage;
let conversation;

offerTransports();
listenToReader();
$("url").textContent = `ws://${location.host}/ws`;
if (memory.name) enter(memory.name, memory.token);
else $("entry").showModal();

function enter(name, token) {
  const transport = TRANSPORTS.find(({ id }) => id === memory.transport) ?? TRANSPORTS[0];
  conversation = new Conversation(name, token, transport);
  const on = (type, show) => conversation.addEventListener(type, ({ detail }) => show(detail));
  on("reset", () => lines.replaceChildren());
  on("line", (line) => following(() => showLine(line)));
  on("news", (news) => following(() => showNews(news)));
  on("unheard", (unheard) => following(() => showUnheard(unheard)));
  on("members", showMembers);
  on("status", showStatus);
  conversation.start();
  text.focus();
}

function offerTransports() {
  for (const transport of TRANSPORTS) {
    const label = fromTemplate("transport-template");
    const input = label.querySelector("input");
    input.value = transport.id;
    label.querySelector("b").textContent = transport.name;
    label.querySelector("small").textContent = transport.detail;
    input.addEventListener("change", () => conversation?.switchTo(transport));
    $("transports").append(label);
  }
}

function listenToReader() {
  $("entry-form").addEventListener("submit", () => {
    memory.name = $("name").value.trim();
    enter(memory.name);
  });
  $("entry").addEventListener("close", () => conversation ?? $("entry").showModal());
  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const line = text.value.trim();
    text.value = "";
    if (!line || !conversation) return;
    log.scrollTop = log.scrollHeight;
    conversation.say(line);
  });
  $("newest").addEventListener("click", () => (log.scrollTop = log.scrollHeight));
  log.addEventListener("scroll", () => ($("newest").hidden = isAtEnd()));
  $("status").addEventListener("click", ({ target }) => target.matches("button") && conversation.start());
}

function showStatus({ state, delay, reason, problem }) {
  const status = $("status");
  status.dataset.state = state;
  status.textContent = {
    connecting: "Connecting …",
    switching: "Changing over …",
    open: problem === undefined ? "Connected" : "Connected; could not change over",
    waiting: `Connection lost, next try in ${Math.ceil(delay / 1000)} s`,
    elsewhere: "Continued in another tab",
    refused: `Turned away: ${reason}`,
  }[state];
  if (state === "elsewhere") {
    const button = document.createElement("button");
    button.textContent = "Continue here";
    status.append(" ", button);
  }
  if (state !== "open") return;
  memory.token = conversation.token;
  memory.transport = conversation.transport.id;
  for (const input of $("transports").querySelectorAll("input")) {
    input.checked = input.value === conversation.transport.id;
  }
}

function showMembers(list) {
  $("count").textContent = list.length;
  members.replaceChildren(
    ...list.map((member) => {
      const item = fromTemplate("member-template");
      dress(item, member);
      item.classList.toggle("mine", member.id === conversation.you);
      item.querySelector(".badge").textContent = way(member);
      return item;
    }),
  );
}

function showLine({ at, from, text }) {
  const item = fromTemplate("line-template");
  dress(item, from);
  item.classList.toggle("mine", from.id === conversation.you);
  item.querySelector(".badge").textContent = TRANSPORT_NAMES[from.transport] ?? from.transport;
  item.querySelector(".text").textContent = text;
  const time = item.querySelector("time");
  time.dateTime = new Date(at).toISOString();
  time.textContent = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  item.dataset.key = `${from.id} ${from.transport}`;
  add(item);
  item.classList.toggle("follows", item.previousElementSibling?.dataset.key === item.dataset.key);
}

function showNews({ type, member }) {
  if (member.id === conversation.you) return;
  const item = document.createElement("li");
  item.className = "note";
  item.textContent = {
    joined: `${member.name} came aboard by ${way(member)}`,
    left: `${member.name} went ashore`,
    moved: `${member.name} is back, by ${way(member)}`,
  }[type];
  add(item);
}

/** The reader's own lines that have not come back from the server wait at the end, faint. */
function showUnheard(unheard) {
  for (const item of lines.querySelectorAll(".unheard")) item.remove();
  for (const { text } of unheard) {
    const item = fromTemplate("line-template");
    item.classList.add("mine", "unheard");
    item.querySelector(".by").textContent = "on its way …";
    item.querySelector(".text").textContent = text;
    lines.append(item);
  }
}

function add(item) {
  lines.insertBefore(item, lines.querySelector(".unheard"));
  while (lines.children.length > MOST_LINES) lines.firstElementChild.remove();
}

/** Shows something, and stays at the end of the lines if the reader is there. */
function following(show) {
  const follows = isAtEnd();
  show();
  if (follows) log.scrollTop = log.scrollHeight;
  $("newest").hidden = isAtEnd();
}

function isAtEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 40;
}

function dress(item, { id, name, transport }) {
  item.dataset.transport = transport;
  item.querySelector(".name").textContent = name;
  const avatar = item.querySelector(".avatar");
  avatar.textContent = [...name][0].toUpperCase();
  avatar.style.setProperty("--hue", (id * 137) % 360);
}

function way({ transport, encoding }) {
  return [TRANSPORT_NAMES[transport] ?? transport, ENCODING_NAMES[encoding] ?? encoding].join(" · ");
}

function fromTemplate(id) {
  return $(id).content.firstElementChild.cloneNode(true);
}

const TRANSPORT_NAMES = {
  websocket: "WebSocket",
  engineio: "Engine.IO",
  sockjs: "SockJS",
  tcp: "TCP",
  unix: "Unix socket",
  memory: "In process",
};
const ENCODING_NAMES = { json: "JSON", msgpack: "MessagePack" };
const MOST_LINES = 500;

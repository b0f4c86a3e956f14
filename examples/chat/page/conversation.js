// A member's side of the conversation: it comes back when the connection is lost, and can change
// to another transport in the middle of it. It knows nothing of the page.

/**
 * Events, each with a `detail`: `status` ({ state, ... }), `reset` (the lines of another
 * conversation do not count any more), `members` (Member[]), `news` ("joined" | "left" | "moved",
 * and the member), `line` (Line), `unheard` (own lines that the server has not confirmed).
 */
export class Conversation extends EventTarget {
  you;
  members = new Map();

  #name;
  #resume;
  #transport;
  /** The connection over which the conversation goes on. */
  #current;
  /** A connection that has not been welcomed yet. */
  #next;
  #unheard = [];
  #lastNumber = 0;
  #seen = 0;
  #failed = 0;
  #timer;

  /** `token` is that of an earlier visit, or undefined. */
  constructor(name, token, transport) {
    super();
    this.#name = name;
    this.#resume = token;
    this.#transport = transport;
    addEventListener("online", () => this.#timer && this.#connect());
  }

  get token() {
    return this.#resume;
  }

  get transport() {
    return this.#transport;
  }

  start() {
    this.#connect();
  }

  /** Opens a connection over another transport; the one before goes on until that is there. */
  switchTo(transport) {
    this.#transport = transport;
    this.#failed = 0;
    this.#connect();
  }

  say(text) {
    const line = { type: "say", id: ++this.#lastNumber, text };
    this.#unheard.push(line);
    this.#current?.send(line);
    this.#emit("unheard", this.#unheard);
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drop(this.#next);
    this.#emit("status", { state: this.#current ? "switching" : "connecting" });
    const link = (this.#next = this.#transport.open({
      open: () => link.send(this.#hello()),
      message: (message) => this.#isInUse(link) && this.#received(link, message),
      close: (close) => this.#isInUse(link) && this.#lost(link, close),
    }));
    link.transport = this.#transport;
    link.timer = setTimeout(() => this.#isInUse(link) && this.#lost(link, NO_ANSWER), TIMEOUT);
  }

  #hello() {
    const resume = this.#resume && { token: this.#resume, seen: this.#seen };
    return { type: "hello", name: this.#name, resume };
  }

  #isInUse(link) {
    return link === this.#current || link === this.#next;
  }

  #received(link, { type, ...message }) {
    switch (type) {
      case "welcome":
        return this.#welcomed(link, message);
      case "said":
        return this.#said(message);
      case "joined":
      case "moved":
        // Then this connection closes next, and not all transports tell why.
        link.continued ||= message.member.id === this.you;
        this.members.set(message.member.id, message.member);
        break;
      case "left":
        this.members.delete(message.member.id);
        break;
      default:
        return;
    }
    this.#emit("members", this.#sorted());
    this.#emit("news", { type, member: message.member });
  }

  #welcomed(link, { you, token, resumed, heard, members }) {
    clearTimeout(link.timer);
    const previous = this.#current;
    this.#current = link;
    this.#next = undefined;
    this.#failed = 0;
    this.#drop(previous);
    this.you = you;
    this.#resume = token;
    if (resumed) {
      this.#unheard = this.#unheard.filter(({ id }) => id > heard);
    } else {
      this.#seen = 0;
      this.#unheard.forEach((line, index) => (line.id = index + 1));
      this.#emit("reset");
    }
    this.#lastNumber = heard + this.#unheard.length;
    for (const line of this.#unheard) link.send(line);
    this.members = new Map(members.map((member) => [member.id, member]));
    this.#emit("members", this.#sorted());
    this.#emit("status", { state: "open" });
  }

  #said(line) {
    if (line.seq <= this.#seen) return;
    this.#seen = line.seq;
    if (line.from.id === this.you) this.#unheard = this.#unheard.filter(({ id }) => id > line.id);
    this.#emit("line", line);
    this.#emit("unheard", this.#unheard);
  }

  #lost(link, { code, reason }) {
    clearTimeout(link.timer);
    if (link === this.#current) {
      this.#current = undefined;
      // The server closes a connection in favour of the next, whose welcome is on its way.
      if (this.#next) return;
    } else {
      this.#drop(link);
      this.#next = undefined;
      if (this.#current) {
        this.#transport = this.#current.transport;
        return this.#emit("status", { state: "open", problem: reason });
      }
    }
    if (code === 1000 || link.continued) return this.#emit("status", { state: "elsewhere" });
    if (FINAL.includes(code)) return this.#emit("status", { state: "refused", reason });
    const delay = delayAfter(this.#failed++, reason);
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#emit("status", { state: "waiting", delay });
  }

  #drop(link) {
    if (!link) return;
    clearTimeout(link.timer);
    link.close();
  }

  #sorted() {
    return [...this.members.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** As the server asks, or a random part of a time that doubles with each attempt that failed. */
function delayAfter(failed, reason) {
  const asked = /\(retry after (\d+) ms\)$/.exec(reason ?? "");
  if (asked) return Math.min(Number(asked[1]), LONGEST) * (1 + Math.random() / 2);
  return Math.random() * Math.min(500 * 2 ** failed, LONGEST);
}

/** Close codes after which the same would only happen again (RFC 6455, section 7.4.1). */
const FINAL = [1002, 1003, 1007, 1008, 1009, 1010];
const NO_ANSWER = { code: 1006, reason: "no answer" };
const TIMEOUT = 10_000;
const LONGEST = 20_000;

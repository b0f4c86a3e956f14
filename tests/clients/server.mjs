// Runs a program built by `cargo build --release` for the length of a test.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Starts `program`, a path below `target/release` (`plimsoll-conformance`, `examples/chat`), and
 * resolves once it has printed what `ready` describes. Test `t` ends it.
 *
 * @returns {Promise<Server>} `match` is what `ready` found, `address` its first group
 */
export async function startServer(t, program, args = [], options = {}) {
  const { ready = /listening on (\S+)/, env = {}, timeout = 10_000 } = options;
  const path = resolve(release, program);
  if (!isBuilt(program)) throw new Error(`${path} is not there: cargo build --release --workspace`);

  const child = spawn(path, args, {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const server = new Server(child);
  t.after(() => server.stop());
  await server.until(ready, timeout);
  return server;
}

/** Whether `program` is there. */
export function isBuilt(program) {
  return existsSync(resolve(release, program));
}

/** A running program. */
class Server {
  /** All that the program has printed, standard error included. */
  output = "";
  /** The match of the last `until`. */
  match;

  #child;
  #ended;
  #failure;

  constructor(child) {
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once("close", resolve);
      child.once("error", (error) => resolve((this.#failure = error)));
    });
    child.stdin.on("error", () => {}); // the program has ended, as `until` will tell
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (this.output += text));
    }
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    this.#ended.then(() => process.off("exit", kill));
  }

  get address() {
    return this.match[1];
  }

  get running() {
    return !this.#failure && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Writes a line to its standard input. */
  type(line) {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Waits until the output matches `pattern`. */
  async until(pattern, timeout = 10_000) {
    const deadline = Date.now() + timeout;
    while (!(this.match = pattern.exec(this.output))) {
      if (!this.running) {
        await this.#ended; // with all that it has printed
        if ((this.match = pattern.exec(this.output))) break;
        throw new Error(`ended before ${pattern}: ${this.#report()}`);
      }
      if (Date.now() > deadline) throw new Error(`no ${pattern} in time: ${this.#report()}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.match;
  }

  /** Sends SIGTERM, five seconds later SIGKILL, and waits for the end. */
  async stop() {
    if (!this.running) return;
    this.#child.kill("SIGTERM");
    const impatience = setTimeout(() => this.#child.kill("SIGKILL"), 5_000);
    await this.#ended;
    clearTimeout(impatience);
  }

  #report() {
    return this.#failure?.message ?? `exit code ${this.#child.exitCode}, output:\n${this.output}`;
  }
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const release = resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "release");

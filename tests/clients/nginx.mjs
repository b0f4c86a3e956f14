// nginx in front of a server, for the length of a test.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The program: Debian's, or what `NGINX_PATH` names. */
export const NGINX = process.env.NGINX_PATH ?? "/usr/sbin/nginx";

/** Whether nginx is there. */
export const hasNginx = existsSync(NGINX);

/**
 * Starts nginx as most people set it up for WebSocket, with its buffers as they are by default, and
 * resolves to its address. Test `t` ends it.
 */
export async function startNginx(t, upstream) {
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-nginx-"));
  await chmod(folder, 0o755); // started by root, it writes there as another user
  const port = await freePort();
  await writeFile(join(folder, "nginx.conf"), configuration(folder, port, upstream));
  const child = spawn(NGINX, ["-p", folder, "-c", "nginx.conf", "-e", "stderr"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  t.after(async () => {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "close");
    await rm(folder, { recursive: true });
  });
  await listening(port, child);
  return `127.0.0.1:${port}`;
}

function configuration(folder, port, upstream) {
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
    daemon off;
    worker_processes 1;
    pid ${folder}/pid;
    events {}
    http {
      access_log off;
      ${kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join("\n")}
      map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://${upstream};
          proxy_http_version 1.1;
          proxy_set_header Host $http_host;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection $connection_upgrade;
        }
      }
    }`;
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function listening(port, child) {
  while (child.exitCode === null) {
    const socket = net.connect(port, "127.0.0.1");
    const opened = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (opened) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nginx ended with ${child.exitCode}`);
}

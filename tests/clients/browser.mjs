// Chromium for a test, headless, and what it shows as a picture.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

/**
 * Starts the system's Chromium and resolves to a Playwright `Browser`; each `newPage()` of it is a
 * visitor with cookies of his own. Test `t` closes it.
 */
export async function launchBrowser(t) {
  const browser = await chromium.launch({ executablePath: executable(), args: FLAGS });
  t.after(() => browser.close());
  return browser;
}

/** Saves what `page` shows as `tests/screenshots/<name>.png` and resolves to that path. */
export async function screenshot(page, name, options = {}) {
  const path = fileURLToPath(new URL(`../screenshots/${name}.png`, import.meta.url));
  await page.screenshot({ path, ...options });
  return path;
}

function executable() {
  const path = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(path)) throw new Error(`no Chromium at ${path}: install it, or name it in CHROMIUM`);
  return path;
}

const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

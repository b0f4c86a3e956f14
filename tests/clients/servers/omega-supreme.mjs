// Forwards a message as a Node process with Primus and omega-supreme does:
// node servers/omega-supreme.mjs URL MESSAGE SPARKS, the last two as JSON
//
// It prints the answer, or the status of the error, as JSON.

import { createServer } from "node:http";

import omegaSupreme from "omega-supreme";
import Primus from "primus";

const [url, message, sparks] = process.argv.slice(2);
const primus = new Primus(createServer(), { transformer: "websockets" });
primus.plugin("omega-supreme", omegaSupreme);
primus.forward(url, JSON.parse(message), JSON.parse(sparks), (error, answer) => {
  console.log(JSON.stringify(error ? { status: error.status } : answer));
  process.exit();
});

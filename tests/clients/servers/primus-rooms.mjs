// A Primus server with primus-rooms, for tests of clients: node servers/primus-rooms.mjs
//
// A message is a JSON array of a verb and its arguments; rooms are a string, several with spaces
// between them:
//   ["join", ROOMS], ["leave", ROOMS]  the sender joins or leaves; answers its rooms
//   ["leaveAll"]                       the sender leaves all rooms; answers its rooms
//   ["say", ROOMS, TEXT]               goes to all members
//   ["others", ROOMS, TEXT]            goes to all members but the sender
//   ["each", ROOM, TEXT]               goes to the members, each with its number of rooms before it
//   ["members", ROOM]                  answers their number
//   ["empty", ROOM]                    all leave; answers whether the room is empty

import { createServer } from "node:http";

import Primus from "primus";
import rooms from "primus-rooms";

const http = createServer();
const primus = new Primus(http, { transformer: "websockets", pingInterval: 1000 });
primus.plugin("rooms", rooms);

const obey = {
  join: (spark, rooms) => spark.join(rooms, () => spark.write(spark.rooms().sort())),
  leave: (spark, rooms) => spark.leave(rooms, () => spark.write(spark.rooms().sort())),
  leaveAll: (spark) => spark.leaveAll(() => spark.write(spark.rooms())),
  say: (_, rooms, text) => primus.room(rooms).write(text),
  others: (spark, rooms, text) => primus.room(rooms).except(spark.id).write(text),
  each: (_, room, text) =>
    primus
      .room(room)
      .transform(function (packet) {
        packet.data[0] = `${this.rooms().length} ${text}`;
      })
      .write(text),
  members: (spark, room) => spark.write(primus.room(room).clients().length),
  empty: (spark, room) =>
    primus.room(room).empty(() => spark.write(primus.isRoomEmpty(room))),
};

primus.on("connection", (spark) => {
  spark.on("data", ([verb, ...rest]) => obey[verb](spark, ...rest));
});

http.listen(0, "127.0.0.1", () => console.log(`listening on 127.0.0.1:${http.address().port}`));
// It ends with the test, however that ends.
process.stdin.on("end", () => process.exit()).resume();

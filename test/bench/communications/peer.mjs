/**
 * What we are measured against: one Node process that takes the same requests into the same tables by node:sqlite, and
 * tells sockets. It has one tenant and knows its one token; a message is durable before it is acknowledged, as ours
 * is: WAL, one transaction for each request, `synchronous = FULL`.
 *
 *   node test/bench/communications/peer.mjs <schema.sql> <data.sqlite>
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { WebSocketServer } from 'ws';

const [, , schemaFile, dataFile] = process.argv;
const db = new DatabaseSync(dataFile);
db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
db.exec(readFileSync(schemaFile, 'utf8'));
db.exec("INSERT INTO providers (code) VALUES ('peer')");
db.exec(`INSERT INTO channels (id, provider, ext, code, name, parent, active, created_at)
  VALUES ('ch_1', 1, 'main', 'telegram', 'Shop', NULL, 1, 0)`);

const digest = (text) => createHash('sha256').update(text).digest();
const TOKEN = digest(process.env.PEER_TOKEN);
const isGood = (header = '') => timingSafeEqual(digest(header.slice('Bearer '.length)), TOKEN);

const sql = {
  known: db.prepare('SELECT * FROM messages WHERE provider = 1 AND ext = ?'),
  chat: db.prepare('SELECT * FROM chats WHERE provider = 1 AND ext = ?'),
  rev: db.prepare('SELECT coalesce(max(rev), 0) AS rev FROM chats'),
  people: db.prepare('SELECT * FROM participants WHERE chat = ?'),
  addChat: db.prepare(
    `INSERT INTO chats (id, provider, ext, channel, title, last_at, rev, created_at)
     VALUES (?, 1, ?, 1, ?, ?, ?, ?) RETURNING *`,
  ),
  addPerson: db.prepare(
    'INSERT INTO participants (chat, ext, name, phone, role) VALUES (?, ?, ?, ?, ?) RETURNING *',
  ),
  findChat: db.prepare('INSERT INTO chat_finder (rowid, words, facets) VALUES (?, ?, ?)'),
  add: db.prepare(
    `INSERT INTO messages (id, provider, chat, ext, direction, sender, text, sent_at, received_at, progress, seen)
     VALUES (?, 1, ?, ?, 'incoming', ?, ?, ?, ?, 'delivered', 0) RETURNING *`,
  ),
  find: db.prepare('INSERT INTO finder (rowid, words, facets) VALUES (?, ?, ?)'),
  came: db.prepare(
    'UPDATE chats SET rev = ?, last_at = ?, last_seq = ?, unread = unread + 1 WHERE key = ? RETURNING *',
  ),
};
let { rev } = sql.rev.get();
let made = 0;
const findable = (text) => text.replaceAll('ё', 'е').replaceAll('Ё', 'Е');

/** What is wrong with a message; null where nothing is. */
function faultOf({ id, chat, senderId, text }) {
  const isId = (value) => typeof value === 'string' && /^[\x21-\x7e]{1,256}$/.test(value);
  if (!isId(id) || !isId(chat?.id) || !isId(chat.channelId) || !isId(senderId)) return 'ids';
  if (!Array.isArray(chat.participants) || chat.participants.some((one) => !isId(one.id)))
    return 'participants';
  if (typeof text !== 'string' || text === '' || text.length > 20_000 || !text.isWellFormed()) return 'text';
  return null;
}

/** Stores one message; the caller has begun a transaction. */
function add(message, now) {
  const known = sql.known.get(message.id);
  if (known !== undefined) return { duplicate: true, row: known };
  let chat = sql.chat.get(message.chat.id);
  let people = chat === undefined ? [] : sql.people.all(chat.key);
  if (chat === undefined) {
    const { id, title = null, participants } = message.chat;
    chat = sql.addChat.get(`chat_${(made += 1)}`, id, title, now, (rev += 1), now);
    people = participants.map((one) =>
      sql.addPerson.get(chat.key, one.id, one.name ?? null, one.phone ?? null, one.role ?? 'customer'),
    );
    const names = people.map(({ name, phone }) => `${String(name)} ${String(phone)}`).join(' ');
    sql.findChat.run(chat.key, findable(`${title} Shop ${names}`), 'c1');
  }
  const sender = people.find(({ ext }) => ext === message.senderId);
  if (sender === undefined) throw new Error('no such sender');
  const { text } = message;
  const row = sql.add.get(`msg_${(made += 1)}`, chat.key, message.id, sender.key, text, now, now);
  sql.find.run(row.seq, findable(text), `h${Number(chat.key)} c1`);
  chat = sql.came.get((rev += 1), now, row.seq, chat.key);
  return { duplicate: false, row, chat, people, sender };
}

function store(messages) {
  const now = Date.now();
  db.exec('BEGIN IMMEDIATE');
  try {
    const added = messages.map((one) => add(one, now));
    db.exec('COMMIT');
    return added;
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

const iso = (at) => new Date(at).toISOString();
const answerOf = ({ row, duplicate }, { id, chat, senderId }) => ({
  message: {
    id,
    chatId: chat.id,
    direction: row.direction,
    senderId,
    text: row.text,
    sentAt: iso(row.sent_at),
    receivedAt: iso(row.received_at),
    editedAt: null,
    status: row.progress,
    seen_flag: row.seen === 1,
  },
  duplicate,
});

/** What a live socket is told of a message, as much as ours are. */
function changeOf({ row, chat, people, sender }, prev) {
  const person = ({ ext, name, phone, role }) => ({ id: ext, name, phone, role });
  const message = {
    id: row.id,
    number: row.seq,
    chat_id: chat.id,
    direction: row.direction,
    sender: person(sender),
    author: null,
    text: row.text,
    sent_at: iso(row.sent_at),
    edited_at: null,
    status: row.progress,
    error: null,
    seen: false,
  };
  const channel = {
    id: 'ch_1',
    external_id: 'main',
    provider: 'peer',
    code: 'telegram',
    name: 'Shop',
    parent: null,
    active: true,
  };
  const about = {
    id: chat.id,
    channel,
    title: chat.title,
    participants: people.map(person),
    unread: chat.unread,
    last: message,
    last_at: iso(chat.last_at),
    created_at: iso(chat.created_at),
    rev: chat.rev,
  };
  return { prev, rev: chat.rev, chat: about, messages: [message] };
}

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const say = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (!isGood(request.headers.authorization)) return say(401, { code: 'unauthorized' });
    const body = JSON.parse(Buffer.concat(parts).toString());
    const messages = request.url === '/bulk' ? body.messages : [body];
    const fault = messages.map(faultOf).find((one) => one !== null);
    if (fault !== undefined) return say(400, { code: 'invalid_request', fault });
    const prev = rev;
    const added = store(messages);
    const answers = added.map((one, at) => answerOf(one, messages[at]));
    say(201, request.url === '/bulk' ? { results: answers } : answers[0]);
    if (sockets.clients.size === 0) return undefined;
    const changes = added.filter(({ duplicate }) => !duplicate).map((one) => changeOf(one, prev));
    const frame = JSON.stringify({ type: 'inbox', changes });
    for (const socket of sockets.clients) socket.send(frame);
    return undefined;
  });
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on('connection', (socket) => socket.send('{"type":"hello"}'));
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${server.address().port}`));
process.once('SIGTERM', () => process.exit(0));

// Invented messages: the same ones in every run, in words of which some are in most of them and some in one.

/** Steady invented numbers from 0 up to 1. */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 12)) >>> 0) / 2 ** 32;
  };
}

/** In every other message. */
export const FREQUENT = 'здравствуйте';
const STEMS = ['заказ', 'достав', 'оплат', 'возврат', 'размер', 'цен', 'скидк', 'налич', 'адрес', 'курьер'];
const ENDS = ['', 'а', 'у', 'ом', 'е', 'ы', 'ов', 'ам', 'ами', 'ах', 'ка', 'ки', 'ный', 'ная', 'ные', 'ных'];
const OTHERS = Array.from({ length: 20_000 }, (_, n) => `w${(n * 7_919 + 13).toString(36)}`);

/** In one message of the whole history. */
export const rareWord = (n) => `чек${String(n).padStart(8, '0')}`;

/** About 80 characters. */
function textOf(n, roll) {
  const words = n % 2 === 0 ? [FREQUENT] : ['Добрый', 'день'];
  for (let i = 0; i < 3; i += 1)
    words.push(STEMS[Math.floor(roll() * STEMS.length)] + ENDS[Math.floor(roll() * ENDS.length)]);
  for (let i = 0; i < 5; i += 1) words.push(OTHERS[Math.floor(roll() ** 3 * OTHERS.length)]);
  words.push(rareWord(n));
  return words.join(' ');
}

/** The n-th message among `chats` chats, as a provider writes it; some chats are much busier than others. */
export function messageOf(n, chats, run = 'm') {
  const roll = dice(n + 1);
  const chat = Math.floor(roll() ** 2 * chats);
  return {
    id: `${run}-${n}`,
    chat: {
      id: `${run}-chat-${chat}`,
      channelId: 'main',
      title: `Customer ${chat}`,
      participants: [
        { id: `u-${chat}`, name: `Ann Example ${chat}`, phone: `+37529${String(1_000_000 + chat)}` },
      ],
    },
    senderId: `u-${chat}`,
    text: textOf(n, roll),
  };
}

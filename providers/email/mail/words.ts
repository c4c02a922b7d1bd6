/** What is said in a text beside what the customer wrote. */
export const WORDS = {
  en: {
    empty: '(a mail without text)',
    unread: '[Not all of this mail could be read]',
    attachment: (name: string, size: string) => `[Attachment, not carried over: ${name}, ${size}]`,
    unnamed: 'no name',
    quoted: (lines: number) => `[${lines} quoted ${lines === 1 ? 'line' : 'lines'} left out]`,
    cut: (letters: number) => `[The mail goes on for ${letters} characters, which were left out]`,
    kilobytes: (n: number) => `${n} kB`,
  },
  ru: {
    empty: '(письмо без текста)',
    unread: '[Письмо не удалось прочитать целиком]',
    attachment: (name: string, size: string) => `[Вложение, не передано: ${name}, ${size}]`,
    unnamed: 'без имени',
    quoted: (lines: number) => `[Цитата опущена, строк: ${lines}]`,
    cut: (letters: number) => `[Дальше в письме ещё символов: ${letters}, они опущены]`,
    kilobytes: (n: number) => `${n} КБ`,
  },
} as const;

export type Words = (typeof WORDS)[keyof typeof WORDS];

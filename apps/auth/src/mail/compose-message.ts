/**
 * A letter as it travels (RFC 5322). Written out here and not by a library, so that a link stays in
 * one piece: no transfer encoding, no line of it folded.
 */
import type { MailMessage } from './catalogue.ts';

/** Characters (RFC 5322 section 2.1.1). */
const LINE = 76;
const LINE_END = '\r\n';

/** @param from a plain address; the part behind its @ stands in the Message-ID, which is the letter's own */
export function composeMessage(message: MailMessage, from: string): Buffer {
  const host = from.slice(from.lastIndexOf('@') + 1);
  const headers: [name: string, value: string][] = [
    ['From', `<${from}>`],
    ['To', `<${message.to}>`],
    ['Subject', message.subject],
    ['Date', new Date().toUTCString().replace('GMT', '+0000')],
    ['Message-ID', `<${message.id}@${host}>`],
    // RFC 3834 section 5: no out-of-office answers.
    ['Auto-Submitted', 'auto-generated'],
    ['MIME-Version', '1.0'],
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Transfer-Encoding', '8bit'],
  ];
  for (const [name, value] of headers) {
    if (/[\r\n\0]/.test(value)) throw new Error(`a line break in ${name}`);
  }
  const head = headers.map(([name, value]) => `${name}: ${value}`);
  const body = message.text.split('\n').flatMap(wrapped);
  return Buffer.from([...head, '', ...body, ''].join(LINE_END));
}

function wrapped(paragraph: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > LINE) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

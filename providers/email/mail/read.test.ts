import { describe, expect, it } from 'vitest';
import { readMail } from './read.ts';

/** A mail of such lines; `bytes` stands after them. */
const mail = (lines: string[], bytes = Buffer.alloc(0)): Buffer =>
  Buffer.concat([Buffer.from(lines.join('\r\n')), bytes]);

const HEAD = [
  'From: Ann Example <Ann@Customer.Example>',
  'To: shop@shop.example',
  'Message-ID: <a1@customer.example>',
];

describe('a mail', () => {
  it('is read with its people, its thread and its text to the letter', async () => {
    const read = await readMail(
      mail([
        ...HEAD,
        'Cc: =?koi8-r?B?4c7OwQ==?= <anna@customer.example>, friends: bob@customer.example;',
        'Reply-To: <desk@customer.example>',
        'Subject: =?utf-8?Q?Is_it_=E2=80=9Cnew=E2=80=9D=3F?=',
        'References: <r1@x.example>\r\n <r2@x.example>',
        'In-Reply-To: <r2@x.example>',
        'Date: Sat, 15 Nov 2025 10:30:00 +0300',
        'Content-Type: text/plain; charset=utf-8; format=fixed',
        '',
        '  Two spaces,\ttab, *stars* & <tags>',
        '',
        '-- ',
        'Ann 🙂',
      ]),
    );
    expect(read).toMatchObject({
      messageId: '<a1@customer.example>',
      references: ['<r1@x.example>', '<r2@x.example>'],
      from: { address: 'ann@customer.example', name: 'Ann Example' },
      replyTo: { address: 'desk@customer.example', name: null },
      subject: 'Is it “new”?',
      date: Date.parse('2025-11-15T07:30:00Z'),
      automatic: false,
      reports: [],
    });
    expect(read.others).toEqual([
      { address: 'shop@shop.example', name: null },
      { address: 'anna@customer.example', name: 'Анна' },
      { address: 'bob@customer.example', name: null },
    ]);
    expect(read.text).toBe('  Two spaces,\ttab, *stars* & <tags>\n\n-- \nAnn 🙂');
  });

  it.each([
    ['windows-1251', '8bit', Buffer.from('cff0e8e2e5f2', 'hex'), 'Привет'],
    ['koi8-r', 'quoted-printable', Buffer.from('=F0=D2=C9=D7=C5=D4'), 'Привет'],
    ['iso-2022-jp', '7bit', Buffer.from('1b24422422244a1b2842', 'hex'), 'あな'],
    ['utf-8', 'base64', Buffer.from('0J/RgNC40LLQtdGC'), 'Привет'],
  ])('in %s by %s is read', async (charset, encoding, bytes, text) => {
    const lines = [
      `Content-Type: text/plain; charset=${charset}`,
      `Content-Transfer-Encoding: ${encoding}`,
      '',
      '',
    ];
    expect((await readMail(mail([...HEAD, ...lines], bytes))).text).toBe(text);
  });

  it.each([
    [
      'as the whole mail',
      ['Content-Type: text/html; charset=utf-8', '', '<p>Hello</p><script>x()</script><p>there</p>'],
    ],
    [
      'among pictures',
      [
        'Content-Type: multipart/related; boundary=b',
        '',
        '--b',
        'Content-Type: text/html; charset=utf-8',
        '',
        '<p>Hello</p><p>there</p><img src="cid:p">',
        '--b',
        'Content-Type: image/png; name=p.png',
        'Content-ID: <p>',
        'Content-Transfer-Encoding: base64',
        '',
        'aGk=',
        '--b--',
        '',
      ],
    ],
  ])('of HTML alone, %s, becomes text', async (_where, lines) => {
    const { text } = await readMail(mail([...HEAD, ...lines]));
    expect(text).toMatch(/^Hello\n+there/);
    expect(text).not.toContain('x()');
  });

  it('names what it carries besides, and is kept where its parts are broken', async () => {
    const read = await readMail(
      mail([
        ...HEAD,
        'Content-Type: multipart/mixed; boundary=b',
        '',
        '--b',
        'Content-Type: text/plain',
        '',
        'see there\0',
        '--b',
        'Content-Type: application/pdf',
        'Content-Disposition: attachment; filename="in\tvoice.pdf"',
        'Content-Transfer-Encoding: base64',
        '',
        Buffer.alloc(3_000).toString('base64'),
      ]),
    );
    expect(read.text.trim()).toBe('see there');
    expect(read.attachments).toEqual([{ name: 'in voice.pdf', type: 'application/pdf', bytes: 3_000 }]);
  });

  it.each([
    'Auto-Submitted: auto-replied',
    'Precedence: bulk',
    'List-Id: <news.shop.example>',
    'X-Autoreply: yes',
  ])('is a program’s by "%s"', async (header) => {
    expect((await readMail(mail([...HEAD, header, '', 'Hi']))).automatic).toBe(true);
    expect((await readMail(mail([...HEAD, 'Auto-Submitted: no', '', 'Hi']))).automatic).toBe(false);
  });

  it('that tells of one that was sent says of whom and why', async () => {
    const read = await readMail(
      mail([
        'From: Mail Delivery System <mailer-daemon@mx.example>',
        'Auto-Submitted: auto-replied',
        'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
        '',
        '--b',
        'Content-Type: text/plain',
        '',
        'It could not be delivered.',
        '--b',
        'Content-Type: message/delivery-status',
        '',
        'Reporting-MTA: dns; mx.example',
        '',
        'Action: failed',
        'Final-Recipient: rfc822;nobody@customer.example',
        'Status: 5.1.1',
        'Diagnostic-Code: smtp; 550 5.1.1',
        '  User unknown',
        '',
        'Action: delayed',
        'Final-Recipient: rfc822;slow@customer.example',
        'Status: 4.4.1',
        '--b',
        'Content-Type: message/rfc822',
        '',
        'Message-ID: <tl.0123456789abcdef0123456789abcdef@shop.example>',
        'Subject: Re: hello',
        '',
        'text',
        '--b--',
        '',
      ]),
    );
    expect(read.reports).toEqual([
      { action: 'failed', recipient: 'nobody@customer.example', reason: '550 5.1.1 User unknown' },
      { action: 'delayed', recipient: 'slow@customer.example', reason: '4.4.1' },
    ]);
    expect(read.automatic).toBe(true);
  });

  it.each([
    [
      'has too many parts',
      ['Content-Type: multipart/mixed; boundary=b', '', '--b\r\n\r\nx\r\n'.repeat(5_000)],
    ],
    ['has HTML without an end', ['Content-Type: text/html', '', '<div>'.repeat(20_000)]],
    ['has endless headers', ['X-Filler: y\r\n'.repeat(200_000), '', 'x']],
  ])('that %s still says who wrote it and about what', async (_what, lines) => {
    const read = await readMail(mail([...HEAD, 'Subject: Order 7', ...lines]));
    expect(read).toMatchObject({
      subject: 'Order 7',
      from: { address: 'ann@customer.example' },
      broken: true,
    });
  });

  it('without anything in it is one still', async () => {
    expect(await readMail(Buffer.alloc(0))).toMatchObject({
      messageId: null,
      from: null,
      subject: '',
      text: '',
    });
  });
});

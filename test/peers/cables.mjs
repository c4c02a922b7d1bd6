// The cable of each slot: 127.0.0.1:<prefix>60<n> to the slot's Unix socket in its network namespace.
import net from 'node:net';

const { TEL_DIR: dir, TEL_PREFIX: prefix } = process.env;
for (const number of [1, 2, 3]) {
  net
    .createServer((outer) => {
      outer.setNoDelay();
      const inner = net.connect(`${dir}/run/slot-${number}.sock`);
      const end = () => {
        outer.destroy();
        inner.destroy();
      };
      for (const socket of [outer, inner]) socket.on('error', end).on('close', end);
      outer.pipe(inner).pipe(outer);
    })
    .listen(Number(`${prefix}60${number}`), '127.0.0.1');
}

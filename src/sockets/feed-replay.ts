/** What lines have missed of a roll, from its log: the events that would have gone by on them. */
import type { Change } from '../domain/roll.ts';
import { type Delivery, newsOfChange } from '../fanout.ts';
import type { Standing } from '../live/fed-audience.ts';
import type { RollView } from '../live/live-store.ts';
import type { FeedLine } from './feed-line.ts';
import { partKey } from './feed-messages.ts';

/**
 * changes: all from the seq of the line that is furthest behind up to that of the view. Leaves the lines where the view
 * is. Answers whether any of them lacked anything.
 */
export const replay = (
  lines: FeedLine[],
  { roll, presence }: RollView,
  changes: Change[],
  tell: (line: FeedLine, delivery: Delivery) => void,
): boolean => {
  let lacked = false;
  for (const change of changes) {
    const lacking = lines.filter((it) => it.isBehind(change));
    if (lacking.length === 0) continue;
    lacked = true;
    const heard = lacking.map((it) => it.heardParts(change));
    for (const delivery of newsOfChange(roll, change, presence)) {
      const key = partKey(delivery.event, delivery.payload);
      for (const [i, line] of lacking.entries()) {
        if (line.carries(delivery) && heard[i]?.has(key) !== true) tell(line, delivery);
      }
    }
    for (const line of lacking) {
      line.moveTo(change);
      line.tell(change);
    }
  }
  for (const line of lines) {
    if (line.seq === null) line.beginAt(roll);
    else line.moveTo(roll);
  }
  return lacked;
};

export const standingOf = ({ roll, presence }: RollView): Standing => {
  const { header, state, seq, room_seq, counts } = roll;
  return {
    seq,
    room_seq,
    epoch: header.epoch,
    version: header.version,
    state,
    counts,
    online_count: presence.onlineCount,
  };
};

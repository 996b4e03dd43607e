import qrcode from 'qrcode-generator';
import { useMemo } from 'react';
import { texts } from '../texts.ts';

/** Modules of white around it, without which readers do not find it. */
const QUIET = 4;

const drawn = (text: string): { size: number; path: string } => {
  const qr = qrcode(0, 'M');
  qr.addData(text);
  qr.make();
  const count = qr.getModuleCount();
  let path = '';
  for (let y = 0; y < count; y += 1) {
    for (let x = 0; x < count; x += 1) if (qr.isDark(y, x)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
  }
  return { size: count + 2 * QUIET, path };
};

/** Black on white in every theme: that is what readers know. */
export const Qr = ({ text }: { text: string }) => {
  const { size, path } = useMemo(() => drawn(text), [text]);
  return (
    <svg
      className="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={texts.session.code.qr}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
};

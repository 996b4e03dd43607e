import { Dialog } from '../parts/dialog.tsx';
import { texts } from '../texts.ts';

const t = texts.session.keys;

export const HelpDialog = ({ onClose }: { onClose: () => void }) => (
  <Dialog title={t.title} onClose={onClose}>
    <p className="dim">{t.where}</p>
    <table className="keys">
      <thead>
        <tr>
          <th scope="col">{t.key}</th>
          <th scope="col">{t.what}</th>
        </tr>
      </thead>
      <tbody>
        {t.list.map(([key, what]) => (
          <tr key={key}>
            <td>
              <kbd>{key}</kbd>
            </td>
            <td>{what}</td>
          </tr>
        ))}
      </tbody>
    </table>
    <div className="row">
      <button type="button" className="button" onClick={onClose}>
        {texts.common.close}
      </button>
    </div>
  </Dialog>
);

import { texts } from '../texts.ts';

export const Loading = () => (
  <p className="dim" role="status">
    {texts.common.loading}
  </p>
);

import { m } from '#lib/paraglide/messages.js';

/** Parts of a link's page, whatever its family. */
export const LINK_TABS = ['connection', 'settings', 'logs', 'diagnostics'] as const;
export const tabLabels: Record<(typeof LINK_TABS)[number], () => string> = {
  connection: m.crm_tab_connection,
  settings: m.crm_tab_settings,
  logs: m.crm_tab_logs,
  diagnostics: m.crm_tab_diagnostics,
};

type Tone = 'success' | 'error' | 'warning';

/** Whether anything has been said yet: until then the toaster and its library are not loaded. */
class Notifications {
  wanted = $state(false);
}
export const notifications = new Notifications();

async function say(tone: Tone, text: string): Promise<void> {
  notifications.wanted = true;
  const { toast } = await import('svelte-sonner');
  toast[tone](text);
}

/** Short messages in the corner that go away by themselves; screen readers read them out. */
export const notify = {
  success: (text: string): void => void say('success', text),
  error: (text: string): void => void say('error', text),
  warning: (text: string): void => void say('warning', text),
};

import type { PhoneSettings } from './model';

/** Limits of the server, in the units people enter. */
export const LIMITS = {
  hold: { min: 1, max: 10, step: 0.1, perUnit: 1_000 },
  life: { min: 10, max: 86_400, step: 1, perUnit: 1_000 },
  access: { min: 5, max: 10_080, step: 1, perUnit: 60 },
} as const;
export type NumberField = keyof typeof LIMITS;

type Entered = Record<NumberField, string> & { password: boolean };

const entered = (settings: PhoneSettings): Entered => ({
  hold: String(settings.empty_hold_ms / LIMITS.hold.perUnit),
  life: String(settings.command_life_ms / LIMITS.life.perUnit),
  access: String(Math.round((settings.access_ttl_sec / LIMITS.access.perUnit) * 100) / 100),
  password: settings.password_sign_in,
});

/** What is entered, what is wrong with it, and what of it differs from what is stored. */
export class SettingsForm {
  fields = $state<Entered>({ hold: '', life: '', access: '', password: true });
  #stored = $state.raw<PhoneSettings | null>(null);

  /** Starts over from what is stored. */
  take(settings: PhoneSettings): void {
    this.#stored = settings;
    this.fields = entered(settings);
  }

  /** In the server's unit (milliseconds or seconds), null where it is no number within the limits. */
  valueOf(field: NumberField): number | null {
    const { min, max, perUnit } = LIMITS[field];
    const text = this.fields[field].trim().replace(',', '.');
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? Math.round(value * perUnit) : null;
  }

  get valid(): boolean {
    return this.valueOf('hold') !== null && this.valueOf('life') !== null && this.valueOf('access') !== null;
  }

  /** Only what differs, so that another's change of something else is not undone. */
  get change(): Partial<PhoneSettings> {
    const stored = this.#stored;
    if (!stored) return {};
    const [hold, life, access] = [this.valueOf('hold'), this.valueOf('life'), this.valueOf('access')];
    const { password } = this.fields;
    return {
      ...(hold !== null && hold !== stored.empty_hold_ms && { empty_hold_ms: hold }),
      ...(life !== null && life !== stored.command_life_ms && { command_life_ms: life }),
      ...(access !== null && access !== stored.access_ttl_sec && { access_ttl_sec: access }),
      ...(password !== stored.password_sign_in && { password_sign_in: password }),
    };
  }

  get dirty(): boolean {
    const stored = this.#stored;
    if (!stored) return false;
    const before = entered(stored);
    return (['hold', 'life', 'access', 'password'] as const).some(
      (field) => this.fields[field] !== before[field],
    );
  }

  reset = (): void => {
    if (this.#stored) this.fields = entered(this.#stored);
  };
}

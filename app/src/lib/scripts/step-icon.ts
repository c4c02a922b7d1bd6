import Camera from '@lucide/svelte/icons/camera';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import Clock from '@lucide/svelte/icons/clock';
import Crosshair from '@lucide/svelte/icons/crosshair';
import Hand from '@lucide/svelte/icons/hand';
import Hourglass from '@lucide/svelte/icons/hourglass';
import Keyboard from '@lucide/svelte/icons/keyboard';
import MousePointerClick from '@lucide/svelte/icons/mouse-pointer-click';
import Phone from '@lucide/svelte/icons/phone';
import Rocket from '@lucide/svelte/icons/rocket';
import SquareTerminal from '@lucide/svelte/icons/square-terminal';
import TextCursorInput from '@lucide/svelte/icons/text-cursor-input';
import CircleQuestionMark from '@lucide/svelte/icons/circle-question-mark';
import type { Component } from 'svelte';
import { isStepKind, type StepKind } from './step-kinds';

const ICONS: Record<StepKind, Component<{ size?: number }>> = {
  intent: Rocket,
  tap: Crosshair,
  tap_on: MousePointerClick,
  swipe: Hand,
  text: TextCursorInput,
  key: Keyboard,
  wait: Clock,
  wait_for: Hourglass,
  wait_call: Phone,
  assert: CircleCheck,
  screenshot: Camera,
  shell: SquareTerminal,
};

export const stepIcon = (kind: string): Component<{ size?: number }> =>
  isStepKind(kind) ? ICONS[kind] : CircleQuestionMark;

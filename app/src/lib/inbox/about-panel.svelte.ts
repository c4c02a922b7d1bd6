const STORED = 'trunkline.inbox-about';

/** Whether the customer stands beside a chat where there is room for it; remembered in this browser. */
class AboutPanel {
  open = $state(localStorage.getItem(STORED) !== 'off');

  toggle = (): void => {
    this.open = !this.open;
    localStorage.setItem(STORED, this.open ? 'on' : 'off');
  };
}

export const aboutPanel = new AboutPanel();

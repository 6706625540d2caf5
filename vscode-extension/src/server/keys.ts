import * as vscode from "vscode";

interface Service {
  name: string;
  variable: string;
}

const SERVICES: readonly Service[] = [
  { name: "Gemini", variable: "GEMINI_API_KEY" },
  { name: "OpenAI", variable: "OPENAI_API_KEY" },
];

/** Keys of services, kept in the editor's secret store and given to the server's environment. */
export class Keys {
  constructor(private readonly secrets: vscode.SecretStorage) {}

  /** The keys that are kept, by the name of their environment variable. */
  async variables(): Promise<Record<string, string>> {
    const kept = await this.kept();
    return Object.fromEntries(kept.map(({ service, key }) => [service.variable, key]));
  }

  /** Asks for a key and keeps it; whether one was given. */
  async ask(): Promise<boolean> {
    const service = await pick(SERVICES, vscode.l10n.t("Which service is the key of?"));
    if (!service) return false;
    const key = await vscode.window.showInputBox({
      title: vscode.l10n.t("Key for {0}", service.name),
      prompt: vscode.l10n.t("It is kept in the secret store of this editor and given to the search server only."),
      password: true,
      ignoreFocusOut: true,
      validateInput: (text) => (text.trim() ? undefined : vscode.l10n.t("A key can't be empty.")),
    });
    if (!key) return false;
    await this.secrets.store(service.variable, key.trim());
    return true;
  }

  /** Removes a key; whether there was one to remove. */
  async remove(): Promise<boolean> {
    const kept = (await this.kept()).map(({ service }) => service);
    if (kept.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t("No key is kept."));
      return false;
    }
    const service = await pick(kept, vscode.l10n.t("Which key is to be removed?"));
    if (!service) return false;
    await this.secrets.delete(service.variable);
    return true;
  }

  private async kept(): Promise<{ service: Service; key: string }[]> {
    const all = await Promise.all(
      SERVICES.map(async (service) => ({ service, key: await this.secrets.get(service.variable) })),
    );
    return all.flatMap(({ service, key }) => (key ? [{ service, key }] : []));
  }
}

async function pick(services: readonly Service[], title: string): Promise<Service | undefined> {
  const items = services.map((service) => ({ label: service.name, service }));
  return (await vscode.window.showQuickPick(items, { title }))?.service;
}

import * as vscode from "vscode";

/** What is used of the API of the extension ms-python.python, as far as it is there. */
interface PythonApi {
  environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(
      path: { path: string },
    ): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath?: vscode.Event<unknown>;
  };
}

function environments(): PythonApi["environments"] {
  // An extension that is not active yet is left so: to search must not cost its start.
  const extension = vscode.extensions.getExtension<PythonApi | undefined>("ms-python.python");
  return extension?.isActive ? extension.exports?.environments : undefined;
}

const LIMIT_MS = 3000;

/**
 * The Python interpreter that was chosen for the workspace, if Python's extension runs. There are other places to look,
 * so an extension that fails or does not answer must not keep us from them.
 */
export async function chosenInterpreter(log: Pick<vscode.LogOutputChannel, "warn">): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => { reject(new Error(`no answer in ${LIMIT_MS / 1000} s`)); }, LIMIT_MS);
  });
  try {
    return await Promise.race([askForInterpreter(), tooLong]);
  } catch (error) {
    log.warn(`The Python extension did not say which interpreter is chosen: ${String(error)}`);
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function askForInterpreter(): Promise<string | undefined> {
  const api = environments();
  if (!api) return undefined;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const environment = await api.resolveEnvironment(api.getActiveEnvironmentPath(folder));
  return environment?.executable.uri?.fsPath;
}

/** Tells when another interpreter is chosen. */
export function onDidChooseInterpreter(listener: () => void): vscode.Disposable {
  return environments()?.onDidChangeActiveEnvironmentPath?.(listener) ?? new vscode.Disposable(() => undefined);
}

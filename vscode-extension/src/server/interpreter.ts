import * as vscode from "vscode";

/** What is used of the API of the extension ms-python.python. */
interface PythonApi {
  environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(
      path: { path: string },
    ): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

function environments(): PythonApi["environments"] {
  // An extension that is not active yet is left so: to search must not cost its start.
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  return extension?.isActive ? extension.exports.environments : undefined;
}

/** The Python interpreter that was chosen for the workspace, if Python's extension runs. */
export async function chosenInterpreter(): Promise<string | undefined> {
  const api = environments();
  if (!api) return undefined;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const environment = await api.resolveEnvironment(api.getActiveEnvironmentPath(folder));
  return environment?.executable.uri?.fsPath;
}

/** Tells when another interpreter is chosen. */
export function onDidChooseInterpreter(listener: () => void): vscode.Disposable {
  return environments()?.onDidChangeActiveEnvironmentPath(listener) ?? new vscode.Disposable(() => undefined);
}

#!/usr/bin/env bash
# Lays a real VS Code server into .vscode-host and prints the folder that it is in. All of it comes from npm packages; a
# second call finds it done. code-server's own install script is not run: it wants yarn's lock files and downloads.
# Needs Node 20 (with headers) and what node-gyp needs: python3, make, g++; and ripgrep, which VS Code searches files with.
set -euo pipefail
version=4.100.3  # VS Code 1.100.3: as old as engines.vscode in package.json allows

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.vscode-host
home=$here/code-server-$version
server=$home/node_modules/code-server
mkdir -p "$here"

# The kernel takes the lock back from whoever dies, and what is half done never has the final name.
exec 9>"$here/lock"
flock 9
if [ -d "$home" ]; then
  echo "$server"
  exit
fi

node_home=$(node -p 'path.dirname(path.dirname(process.execPath))')
if [ "$(node -p 'process.versions.node.split(".")[0]')" != 20 ]; then
  echo "VS Code $version runs on Node 20; this is $(node --version)" >&2
  exit 1
fi
ripgrep=$(command -v rg) || { echo "no ripgrep (rg) on PATH" >&2; exit 1; }
if [ -e "$node_home/include/node/node.h" ]; then
  export npm_config_nodedir=$node_home  # or node-gyp downloads them
fi
export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false npm_config_loglevel=error
export npm_config_build_from_source=true  # argon2 would ask for a binary on another host first

work=$home.new
rm -rf "$work"
mkdir "$work"
{
  cd "$work"
  echo '{"name": "vscode-host", "private": true}' > package.json
  npm install --ignore-scripts --save-exact "code-server@$version"
  npm rebuild argon2
  cd node_modules/code-server/lib/vscode
  npm install --ignore-scripts --omit=dev  # not ci: the shrinkwrap lacks one package
  npm rebuild native-watchdog @vscode/spdlog
  # What the install script does besides.
  mkdir -p node_modules/@vscode/ripgrep/bin
  ln -s "$ripgrep" node_modules/@vscode/ripgrep/bin/rg
  ln -s node_modules node_modules.asar
  ln -s code-linux.sh bin/remote-cli/code-server
  ln -s browser-linux.sh bin/helpers/browser.sh
} >&2
mv "$work" "$home"
echo "$server"

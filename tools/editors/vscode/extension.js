// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Starts costate-lsp-server for model files.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const settings = workspace.getConfiguration("costate");
  const server = { command: settings.get("server"), args: settings.get("serverArguments") };
  client = new LanguageClient("costate", "Costate", server, { documentSelector: [{ language: "costate", scheme: "file" }] });
  return client.start();
};

exports.deactivate = () => client?.stop();

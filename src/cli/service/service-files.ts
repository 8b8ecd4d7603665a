/** The files by which an operating system runs the server in the background. Pure: paths in, text out. */

export interface ServiceParts {
  /** Absolute paths: a service has no PATH of the user's. */
  readonly node: string;
  readonly program: string;
  /** Where settings are read from; the unit itself holds no secret. */
  readonly envFile: string;
  readonly stateDir: string;
  /** launchd has no log of its own. */
  readonly logFile: string;
}

export const serviceName = 'opencode-claude-proxy';
export const launchdLabel = `dev.${serviceName}`;

/** A hardened user unit: https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html */
export const systemdUnit = ({ node, program, envFile, stateDir }: ServiceParts): string => `[Unit]
Description=opencode-claude-proxy: your own Claude behind OpenAI and Anthropic endpoints
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=${quoted(node)} ${quoted(program)} start
EnvironmentFile=-${envFile.replaceAll('%', '%%')}
Environment=STATE_DIR=${quoted(stateDir)}
Restart=on-failure
RestartSec=2
# Running answers may finish: longer than DRAIN_TIMEOUT_MS.
TimeoutStopSec=45
KillMode=mixed
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
LockPersonality=yes
# Claude Code keeps a login of this user in the home folder and refreshes it.
ReadWritePaths=%h ${quoted(stateDir)}
UMask=0077

[Install]
WantedBy=default.target
`;

/** https://www.manpagez.com/man/5/launchd.plist/ */
export const launchdAgent = ({
  node,
  program,
  stateDir,
  logFile,
}: ServiceParts): string => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>${launchdLabel}</string>
  <key>ProgramArguments</key>
  <array>
    <string>${escaped(node)}</string>
    <string>${escaped(program)}</string>
    <string>start</string>
  </array>
  <key>EnvironmentVariables</key>
  <dict><key>STATE_DIR</key><string>${escaped(stateDir)}</string></dict>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>ThrottleInterval</key><integer>2</integer>
  <key>ExitTimeOut</key><integer>45</integer>
  <key>ProcessType</key><string>Interactive</string>
  <key>Umask</key><integer>63</integer>
  <key>StandardOutPath</key><string>${escaped(logFile)}</string>
  <key>StandardErrorPath</key><string>${escaped(logFile)}</string>
</dict>
</plist>
`;

/** systemd reads `%` as the start of a specifier and splits at white space. */
const quoted = (path: string): string => {
  const safe = path.replaceAll('%', '%%');
  return /[\s"'\\]/u.test(safe) ? `"${safe.replaceAll(/["\\]/gu, String.raw`\$&`)}"` : safe;
};

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

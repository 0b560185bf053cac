; The Windows installer: chat, cloud, tools. Speech recognition comes with assistant-app-voice.iss.
#include "common.isi"

[Setup]
AppId={{{#CoreId}}
AppName={#Name}
AppVerName={#Name} {#Version}
DefaultDirName={autopf}\{#Name}
DisableProgramGroupPage=yes
DisableDirPage=auto
UninstallDisplayName={#Name}
UninstallDisplayIcon={app}\assistant-app-window.exe
OutputBaseFilename=assistant-app-{#Version}-windows-x86_64-setup
; assistant-app: links are told to the desktop.
ChangesAssociations=yes

[Tasks]
Name: desktopicon; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[InstallDelete]
; Files of an older version that the newer one does not have would be loaded beside it.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
; The Visual C++ runtime is among these files (msvcp140.dll, vcruntime140.dll): packaging/windows/runtime.py proves it.
Source: "{#Tree}\assistant-app.exe"; DestDir: "{app}"; Flags: ignoreversion
Source: "{#Tree}\assistant-app-window.exe"; DestDir: "{app}"; Flags: ignoreversion
Source: "{#Tree}\_internal\*"; DestDir: "{app}\_internal"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{autoprograms}\{#Name}"; Filename: "{app}\assistant-app-window.exe"; AppUserModelID: "assistant-app"
Name: "{autodesktop}\{#Name}"; Filename: "{app}\assistant-app-window.exe"; AppUserModelID: "assistant-app"; Tasks: desktopicon

[Registry]
; assistant-app:ask?text=… puts a text into the message box; it is never sent by itself.
Root: HKA; Subkey: "Software\Classes\assistant-app"; ValueType: string; ValueData: "URL:{#Name}"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\assistant-app"; ValueType: string; ValueName: "URL Protocol"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\assistant-app\DefaultIcon"; ValueType: string; ValueData: "{app}\assistant-app-window.exe,0"
Root: HKA; Subkey: "Software\Classes\assistant-app\shell\open\command"; ValueType: string; ValueData: """{app}\assistant-app-window.exe"" ""%1"""
; `assistant-app` in a terminal or in Win+R.
Root: HKA; Subkey: "Software\Microsoft\Windows\CurrentVersion\App Paths\assistant-app.exe"; ValueType: string; ValueData: "{app}\assistant-app.exe"; Flags: uninsdeletekey

[Run]
Filename: "{app}\assistant-app-window.exe"; Description: "{cm:LaunchProgram,{#Name}}"; Flags: nowait postinstall skipifsilent

[CustomMessages]
en.DataKept=Your conversations, models and settings are kept in%n%1%n%nDelete this folder yourself if you do not want them any more.
zh_CN.DataKept=您的对话、模型和设置保留在%n%1%n%n如果不再需要，请自行删除这个文件夹。
en.VoiceRemoved=Speech recognition %1 does not fit this version and is being removed. Your speech models are kept; install assistant-app-voice {#Version} to talk again.
zh_CN.VoiceRemoved=语音识别 %1 与这个版本不匹配，正在移除。您的语音模型会保留；安装 assistant-app-voice {#Version} 后即可继续语音对话。

[Code]
const
  VoiceKey = 'Software\Microsoft\Windows\CurrentVersion\Uninstall\{{#VoiceId}}_is1';

{ Runs the uninstaller of the voice package. }
procedure RemoveVoice;
var
  Command: String;
  Code: Integer;
begin
  if RegQueryStringValue(HKA, VoiceKey, 'UninstallString', Command) then
    Exec(RemoveQuotes(Command), '/VERYSILENT /SUPPRESSMSGBOXES /NORESTART', '', SW_HIDE, ewWaitUntilTerminated, Code);
end;

{ Speech recognition of another version would not understand this one. }
procedure CurStepChanged(Step: TSetupStep);
var
  Found: String;
begin
  if (Step = ssInstall) and RegQueryStringValue(HKA, VoiceKey, 'DisplayVersion', Found) and (Found <> '{#Version}') then
  begin
    RemoveVoice;
    SuppressibleMsgBox(FmtMessage(CustomMessage('VoiceRemoved'), [Found]), mbInformation, MB_OK, IDOK);
  end;
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
begin
  if Step = usUninstall then
    RemoveVoice;
  if (Step = usPostUninstall) and DirExists(ExpandConstant('{localappdata}\assistant-app')) then
    SuppressibleMsgBox(FmtMessage(CustomMessage('DataKept'), [ExpandConstant('{localappdata}\assistant-app')]), mbInformation, MB_OK, IDOK);
end;

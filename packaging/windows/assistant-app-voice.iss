; The second Windows installer: speech recognition, put beside an installed Assistant of the same version.
#include "common.isi"

[Setup]
AppId={{{#VoiceId}}
AppName={#Name} Voice
AppVerName={#Name} Voice {#Version}
; Where the application is; the page that asks for a folder is left out.
DefaultDirName={code:VoiceFolder}
UsePreviousAppDir=no
DisableDirPage=yes
DisableProgramGroupPage=yes
UninstallDisplayName={#Name} Voice
UninstallDisplayIcon={app}\assistant-app-speech.exe
OutputBaseFilename=assistant-app-voice-{#Version}-windows-x86_64-setup

[InstallDelete]
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Tree}\assistant-app-speech.exe"; DestDir: "{app}"; Flags: ignoreversion
Source: "{#Tree}\_internal\*"; DestDir: "{app}\_internal"; Flags: ignoreversion recursesubdirs createallsubdirs

[CustomMessages]
en.NoCore=Speech recognition is a part of {#Name}, which is not installed here. Install {#Name} {#Version} first, then start this again. Nothing was changed.
zh_CN.NoCore=语音识别是 {#Name} 的一部分，而这里没有安装 {#Name}。请先安装 {#Name} {#Version}，再重新运行本程序。没有做任何更改。
en.OtherCore=Speech recognition {#Version} needs {#Name} of the same version, and %1 is installed. Install {#Name} {#Version} first, then start this again. Nothing was changed.
zh_CN.OtherCore=语音识别 {#Version} 需要同一版本的 {#Name}，而现在安装的是 %1。请先安装 {#Name} {#Version}，再重新运行本程序。没有做任何更改。

[Code]
const
  CoreKey = 'Software\Microsoft\Windows\CurrentVersion\Uninstall\{{#CoreId}}_is1';

function VoiceFolder(Param: String): String;
var
  Core: String;
begin
  { Asked only after InitializeSetup has found the application. }
  RegQueryStringValue(HKA, CoreKey, 'InstallLocation', Core);
  Result := AddBackslash(Core) + 'voice';
end;

function InitializeSetup: Boolean;
var
  Core, Found: String;
begin
  Result := False;
  if not RegQueryStringValue(HKA, CoreKey, 'InstallLocation', Core) or not FileExists(AddBackslash(Core) + 'assistant-app.exe') then
    SuppressibleMsgBox(CustomMessage('NoCore'), mbError, MB_OK, IDOK)
  else if not RegQueryStringValue(HKA, CoreKey, 'DisplayVersion', Found) or (Found <> '{#Version}') then
    SuppressibleMsgBox(FmtMessage(CustomMessage('OtherCore'), [Found]), mbError, MB_OK, IDOK)
  else
    Result := True;
end;

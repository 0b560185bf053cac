# Installs both Windows packages as an ordinary user, tries them, takes a picture, removes them:
# install_test.ps1 -Folder DIST -Picture FILE.png [-Signed true]
param(
    [Parameter(Mandatory)] [string] $Folder,
    [Parameter(Mandatory)] [string] $Picture,
    [string] $Signed = "false"
)
$ErrorActionPreference = "Stop"
$app = "$env:LOCALAPPDATA\Programs\Assistant"
$data = "$env:LOCALAPPDATA\assistant-app"

function Installer([string] $pattern) {
    $files = @(Get-ChildItem "$Folder\$pattern")
    if ($files.Count -ne 1) { throw "There should be one $pattern in $Folder, and there are $($files.Count)." }
    if ($Signed -eq "true") {
        $signature = Get-AuthenticodeSignature $files[0].FullName
        if ($signature.Status -ne "Valid") { throw "$($files[0].Name) is not signed: $($signature.StatusMessage)" }
    }
    $files[0].FullName
}

function Run([string] $program, [string[]] $arguments) {
    $process = Start-Process $program -ArgumentList $arguments -Wait -PassThru
    if ($process.ExitCode -ne 0) { throw "$program ended with exit code $($process.ExitCode)." }
}

function Ask([string[]] $arguments) {
    & "$app\assistant-app.exe" @arguments
    if ($LASTEXITCODE -ne 0) { throw "assistant-app $arguments ended with exit code $LASTEXITCODE." }
}

$silently = "/VERYSILENT", "/SUPPRESSMSGBOXES", "/NORESTART", "/CURRENTUSER"
$core = Installer "assistant-app-[0-9]*-windows-x86_64-setup*.exe"
$voice = Installer "assistant-app-voice-*-windows-x86_64-setup*.exe"

# Voice alone refuses, and changes nothing.
$process = Start-Process $voice -ArgumentList $silently -Wait -PassThru
if ($process.ExitCode -eq 0) { throw "Voice let itself be installed without the application." }

Run $core $silently
Ask "--version"
Ask "--selftest"
Run $voice $silently
Ask "--selftest", "--with-voice"
$command = (Get-Item "HKCU:\Software\Classes\assistant-app\shell\open\command").GetValue("")
if ($command -ne "`"$app\assistant-app-window.exe`" `"%1`"") { throw "assistant-app: links are not registered: $command" }

$window = Start-Process "$app\assistant-app-window.exe" -PassThru
foreach ($second in 1..120) {
    $window.Refresh()
    if ($window.HasExited) { throw "The window's program ended with exit code $($window.ExitCode)." }
    if ($window.MainWindowTitle -eq "Assistant") { break }
    Start-Sleep 1
}
if ($window.MainWindowTitle -ne "Assistant") { throw "No window appeared within two minutes." }
# Its first pictures are drawn after it is there; nothing below depends on them.
Start-Sleep 3
New-Item -ItemType Directory -Force (Split-Path $Picture) | Out-Null
Add-Type -AssemblyName System.Windows.Forms, System.Drawing
$screen = [System.Windows.Forms.Screen]::PrimaryScreen.Bounds
$bitmap = [System.Drawing.Bitmap]::new($screen.Width, $screen.Height)
[System.Drawing.Graphics]::FromImage($bitmap).CopyFromScreen($screen.Location, [System.Drawing.Point]::Empty, $screen.Size)
$bitmap.Save((Join-Path (Get-Location) $Picture))
Stop-Process $window
$window.WaitForExit()

Run "$app\unins000.exe" ("/VERYSILENT", "/SUPPRESSMSGBOXES", "/NORESTART")
# The uninstaller's last step, removing itself, is another process.
foreach ($second in 1..60) {
    if (-not (Test-Path $app)) { break }
    Start-Sleep 1
}
if (Test-Path $app) { throw "Removing the packages left files in $app." }
if (Test-Path "HKCU:\Software\Classes\assistant-app") { throw "Removing the packages left the registration of links." }
if (-not (Test-Path $data)) { throw "Removing the packages removed the user's data in $data." }

# Makes the two Windows installers of the frozen folders: build.ps1 -Version 1.2.3 -Output FOLDER
param(
    [Parameter(Mandatory)] [string] $Version,
    [Parameter(Mandatory)] [string] $Output
)
$ErrorActionPreference = "Stop"
$root = (Resolve-Path "$PSScriptRoot\..\..").Path
$compiler = "${env:ProgramFiles(x86)}\Inno Setup 6\ISCC.exe"
if (-not (Test-Path $compiler)) { throw "Inno Setup 6 is not installed; its compiler was expected at $compiler." }
# 6.3 is the first that knows x64compatible.
$found = [version] (Get-Item $compiler).VersionInfo.ProductVersion.Trim()
if ($found -lt [version] "6.3") { throw "Inno Setup 6.3 or newer is needed, and this is $found." }

New-Item -ItemType Directory -Force $Output | Out-Null
$folder = (Resolve-Path $Output).Path
foreach ($package in "assistant-app", "assistant-app-voice") {
    & $compiler /Q "/DVersion=$Version" "/DTree=$root\build\package\tree\$package" "/DOutput=$folder" `
        "/DIcon=$root\build\package\platform\assistant-app.ico" "$PSScriptRoot\$package.iss"
    if ($LASTEXITCODE -ne 0) { throw "The installer $package.iss could not be made." }
}

@echo off
rem The course @EDITION@ without a network.
rem Nothing is installed and nothing is written; a small server in this window sends the files of the folder "site"
rem to this machine alone. It is the PowerShell below, which is part of Windows; this window hands it over as text,
rem because script files of their own are often not allowed to run.
setlocal
set "COURSE_STARTER=%~f0"
set "COURSE_SHELL=%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe"
title @EDITION@
"%COURSE_SHELL%" -NoLogo -NoProfile -ExecutionPolicy Bypass -Command "$t = Get-Content -Raw -Encoding UTF8 -LiteralPath $env:COURSE_STARTER; Invoke-Expression $t.Substring($t.IndexOf('#' + ' --- PowerShell'))"
if errorlevel 1 pause
exit /b

# --- PowerShell 5.1, as every Windows 10 and 11 has it
$unzip = @'
@UNZIP@
'@
$running = @'
@RUNNING@
'@
$noPort = @'
@NO_PORT@
'@
$locked = @'
@LOCKED@
'@
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { Write-Host $locked; exit 1 }
try { [Console]::OutputEncoding = [Text.Encoding]::UTF8 } catch { }
$ErrorActionPreference = 'Stop'
$site = Join-Path (Split-Path -Parent $env:COURSE_STARTER) 'site'
if (-not (Test-Path -LiteralPath (Join-Path $site 'editions.json'))) { Write-Host $unzip; exit 1 }
$types = @{}
foreach ($line in (@'
@TYPES@
'@ -split "`r?`n")) {
    $end, $type = $line -split ' ', 2
    $types[$end] = $type
}

# One request and its answer, on a thread of its own.
$answer = {
    param($client, $site, $types)
    try {
        $client.ReceiveTimeout = 15000
        $client.SendTimeout = 60000
        $stream = $client.GetStream()
        $reader = [IO.StreamReader]::new($stream, [Text.Encoding]::ASCII)
        $method, $target, $rest = ([string]$reader.ReadLine()) -split ' '
        while ($reader.ReadLine()) { }
        $status = '404 Not Found'
        $more = ''
        $file = $null
        if ($method -ne 'GET' -and $method -ne 'HEAD') { $status = '405 Method Not Allowed' }
        else {
            $path = [Uri]::UnescapeDataString(($target -split '[?#]')[0])
            $steps = @($path -split '/' | Where-Object { $_ -ne '' })
            $bad = @($steps | Where-Object { $_ -match '^\.+$|[\\:*?"<>|\x00-\x1f]' })
            if ($bad.Count -eq 0) {
                $found = [IO.Path]::GetFullPath([IO.Path]::Combine($site, ($steps -join '\')))
                if ([IO.Directory]::Exists($found)) {
                    if ($path.EndsWith('/')) { $found = [IO.Path]::Combine($found, 'index.html') }
                    else { $status = '301 Moved Permanently'; $more = "Location: $(($target -split '[?#]')[0])/`r`n" }
                }
                $inside = $found.StartsWith($site + '\', [StringComparison]::OrdinalIgnoreCase)
                if ($inside -and [IO.File]::Exists($found)) { $file = [IO.File]::OpenRead($found); $status = '200 OK' }
            }
        }
        $size = 0
        if ($file) {
            $size = $file.Length
            $type = $types[[IO.Path]::GetExtension($found).ToLowerInvariant()]
            if (-not $type) { $type = 'application/octet-stream' }
            $more = "Content-Type: $type`r`nCache-Control: no-cache`r`nX-Content-Type-Options: nosniff`r`n"
        }
        $head = "HTTP/1.1 $status`r`n${more}Content-Length: $size`r`nConnection: close`r`n`r`n"
        $bytes = [Text.Encoding]::ASCII.GetBytes($head)
        $stream.Write($bytes, 0, $bytes.Length)
        if ($file -and $method -eq 'GET') { $file.CopyTo($stream) }
        $stream.Flush()
        $client.Client.Shutdown([Net.Sockets.SocketShutdown]::Send)
    } catch {
    } finally {
        if ($file) { $file.Dispose() }
        $client.Close()
    }
}

# Whether this very pack is served there already.
function Test-Same($port) {
    try {
        $web = [Net.WebClient]::new()
        $web.Proxy = $null
        $theirs = $web.DownloadData("http://127.0.0.1:$port/editions.json")
        $own = [IO.File]::ReadAllBytes((Join-Path $site 'editions.json'))
        return [Convert]::ToBase64String($theirs) -eq [Convert]::ToBase64String($own)
    } catch { return $false }
}

function Show-Course($port) {
    $address = "http://127.0.0.1:$port/@START@"
    Write-Host $running.Replace('{address}', $address)
    if (-not $env:COURSE_QUIET) { try { Start-Process $address } catch { } }
}

$listener = $null
foreach ($port in @FIRST@..@LAST@) {
    try {
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, $port)
        $listener.ExclusiveAddressUse = $true
        $listener.Start(64)
        break
    } catch {
        $listener = $null
        if (Test-Same $port) { Show-Course $port; exit 0 }
    }
}
if (-not $listener) { Write-Host $noPort; exit 1 }
Show-Course $port
$pool = [RunspaceFactory]::CreateRunspacePool(1, 16)
$pool.Open()
$atWork = [Collections.ArrayList]::new()
try {
    while ($true) {
        while (-not $listener.Pending()) {
            foreach ($one in @($atWork | Where-Object { $_.Handle.IsCompleted })) {
                $one.Shell.Dispose()
                $atWork.Remove($one)
            }
            Start-Sleep -Milliseconds 10 # also where Ctrl+C is heard
        }
        $shell = [PowerShell]::Create()
        $shell.RunspacePool = $pool
        [void]$shell.AddScript($answer.ToString()).AddArgument($listener.AcceptTcpClient()).AddArgument($site).AddArgument($types)
        [void]$atWork.Add(@{ Shell = $shell; Handle = $shell.BeginInvoke() })
    }
} finally {
    $listener.Stop()
}
